"""Kernels that are reached through socket files of their own."""

import os

import nbval.kernel
import pytest
from nbclient import NotebookClient
from nbformat import v4
from traitlets.config import Config

from utils.course.kernels import private_connection


@pytest.mark.skipif(os.name == "nt", reason="Windows has no socket files")
def test_every_kernel_gets_another_socket():
    connections = [private_connection()["ip"] for _ in range(5)]
    assert len(set(connections)) == 5
    assert max(map(len, connections)) < 80


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no socket files")
def test_notebook_tests_and_the_client_talk_through_the_socket():
    connection = private_connection()
    notebook = v4.new_notebook(cells=[v4.new_code_cell("6 * 7")])
    client = NotebookClient(notebook, kernel_name="python3", config=Config(KernelManager=connection))
    client.execute()
    assert notebook.cells[0].outputs[0].data["text/plain"] == "42"
    assert client.km is None or client.km.transport == "ipc"
    kernel = nbval.kernel.RunningKernel("python3")
    try:
        assert kernel.km.transport == "ipc"
        assert os.path.exists(f"{kernel.km.ip}-{kernel.km.shell_port}")
    finally:
        kernel.stop()

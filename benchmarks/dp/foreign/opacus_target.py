"""A small network trained with DP-SGD by Opacus at delta 1e-5; epsilon None is the same network without noise or clipping."""

import warnings
from collections.abc import Callable

import numpy as np
import torch
from opacus import PrivacyEngine

HIDDEN, EPOCHS, BATCH, DELTA = 64, 40, 30, 1e-5


def train(
    kind: str, epsilon: float | None, seed: int, features: np.ndarray, labels: np.ndarray
) -> Callable[[np.ndarray], np.ndarray]:
    warnings.simplefilter("ignore")  # both libraries warn of hooks and of random numbers that are not cryptographic
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    net = torch.nn.Sequential(torch.nn.Linear(features.shape[1], HIDDEN), torch.nn.ReLU(), torch.nn.Linear(HIDDEN, 2))
    records = torch.utils.data.TensorDataset(torch.tensor(features, dtype=torch.float32), torch.tensor(labels).long())
    batches = torch.utils.data.DataLoader(records, batch_size=BATCH, shuffle=True)
    if epsilon is None:
        steps = torch.optim.Adam(net.parameters(), lr=3e-3)
    else:
        steps = torch.optim.SGD(net.parameters(), lr=0.5)
        net, steps, batches = PrivacyEngine(accountant="rdp").make_private_with_epsilon(
            module=net,
            optimizer=steps,
            data_loader=batches,
            target_epsilon=epsilon,
            target_delta=DELTA,
            epochs=EPOCHS,
            max_grad_norm=1.0,
        )
    for _ in range(EPOCHS):
        for some, truth in batches:
            steps.zero_grad()
            torch.nn.functional.cross_entropy(net(some), truth).backward()
            steps.step()
    net.eval()
    return lambda asked: _answer(net, asked)


def _answer(net: torch.nn.Module, asked: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return torch.softmax(net(torch.tensor(asked, dtype=torch.float32)), dim=1).numpy()

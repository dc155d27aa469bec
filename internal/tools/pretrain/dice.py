"""Random numbers of one step: tensors on the device that trains, and decisions beside it that nothing has to wait for."""

import random

import torch


class Dice:
    def __init__(self, seed, device="cpu"):
        self.device = torch.device(device)
        self.generator = torch.Generator(self.device).manual_seed(seed)
        self.host = random.Random(seed)

    def rand(self, *shape):
        return torch.rand(*shape, generator=self.generator, device=self.device)

    def randn(self, *shape):
        return torch.randn(*shape, generator=self.generator, device=self.device)

    def uniform(self, n, low, high):
        return self.rand(n) * (high - low) + low

    def some(self, n, p):
        """1 with probability p, else 0."""
        return (self.rand(n) < p).float()

    def below(self, high, n):
        """n whole numbers under high."""
        return torch.randint(0, high, (n,), generator=self.generator, device=self.device)

    def pick(self, weights, n):
        """n places, each as likely as its weight; of a matrix, for each row."""
        return torch.multinomial(weights, n, True, generator=self.generator)

    def whole(self, low, high):
        """A whole number from low to under high, known at once."""
        return self.host.randrange(low, high)

"""The encoder: a small residual network with pooled features of three depths."""

import torch
from torch import nn
from torch.nn import functional as F

THUMBNAIL = 8  # side of the film in the embedding


class SqueezeExcite(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.squeeze = nn.Conv2d(width, width // 8, 1)
        self.excite = nn.Conv2d(width // 8, width, 1)

    def forward(self, x):
        s = F.adaptive_avg_pool2d(x, 1)
        return x * torch.sigmoid(self.excite(F.relu(self.squeeze(s))))


class Block(nn.Module):
    """Two 3x3 convolutions beside a shortcut."""

    def __init__(self, inputs, width, stride, excite):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.excite = SqueezeExcite(width) if excite else nn.Identity()
        self.shortcut = nn.Identity()
        if stride > 1 or inputs != width:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))
        nn.init.zeros_(self.norm2.weight)

    def forward(self, x):
        y = F.relu(self.norm1(self.conv1(x)))
        y = self.excite(self.norm2(self.conv2(y)))
        return F.relu(y + self.shortcut(x))


class Encoder(nn.Module):
    """n x 1 x side x side standardized films -> n x dim embeddings."""

    def __init__(self, stem=24, widths=(32, 64, 128, 256), depths=(2, 2, 2, 2)):
        super().__init__()
        self.stem = nn.Sequential(
            nn.Conv2d(1, stem, 5, 2, 2, bias=False), nn.BatchNorm2d(stem), nn.ReLU())
        stages, inputs = [], stem
        for i, (width, depth) in enumerate(zip(widths, depths)):
            blocks = [Block(inputs, width, 2, i >= 2)] + [Block(width, width, 1, i >= 2) for _ in range(depth - 1)]
            stages.append(nn.Sequential(*blocks))
            inputs = width
        self.stages = nn.ModuleList(stages)
        self.dim = widths[-3] + 2 * (widths[-2] + widths[-1]) + THUMBNAIL ** 2

    def maps(self, x):
        """The feature maps of every stage."""
        x, maps = self.stem(x), []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        return maps

    def pool(self, x, maps):
        """The embedding: what the maps hold on the whole, what stands out in them, and the film in broad strokes."""
        mean = [F.adaptive_avg_pool2d(m, 1).flatten(1) for m in maps[-3:]]
        most = [F.adaptive_max_pool2d(m, 1).flatten(1) for m in maps[-2:]]
        thumbnail = F.adaptive_avg_pool2d(x, THUMBNAIL).flatten(1)
        return torch.cat(mean + most + [thumbnail], 1)

    def forward(self, x):
        return self.pool(x, self.maps(x))


def load(*paths):
    """The encoder of a checkpoint, ready to embed, and its recipe; of several runs that parted late, the mean of their weights."""
    checkpoints = [torch.load(p, map_location="cpu") for p in paths]
    r = checkpoints[0]["recipe"]
    encoder = Encoder(r["stem"], r["widths"], r["depths"])
    mean = {k: torch.stack([c["average"][k].double() for c in checkpoints]).mean(0).to(v.dtype)
            for k, v in encoder.state_dict().items()}
    encoder.load_state_dict(mean)
    return encoder.eval(), r

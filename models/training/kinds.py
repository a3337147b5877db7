"""Every category of the data taught as a class of its own, and answered for as the classes that are wanted.

What is called one thing may look like several: of four kinds of knives each then has weights of its own, as much say as another, and
what is near to them and wanted by nobody (scissors) is something, and not only no knife.
"""

import copy

import numpy as np
import torch
import torch.nn as nn


class MergedDetection(nn.Module):
    """A detection head whose classes are the surest of groups of another's: as many logits as groups, the same distances."""

    def __init__(self, detect, groups):
        super().__init__()
        self.detect, self.groups = detect, groups

    def forward(self, levels):
        logits, raw = self.detect(levels)
        return [torch.cat([level[:, group].amax(1, keepdim=True) for group in self.groups], 1) for level in logits], raw


class Kinds:
    """`names`: the categories that are taught; `classes`: what they are answered as, of `mapping` (name -> class; others are of none)."""

    def __init__(self, names, mapping, classes):
        self.names = list(names)
        self.groups = [[at for at, name in enumerate(self.names) if mapping.get(name) == wanted] for wanted in classes]
        self.merges = self.groups != [[at] for at in range(len(self.names))]
        self.mapping = mapping

    def taught(self, config):
        return {**config, "classes": self.names}

    def answering(self, net):
        """The network with the wanted classes; its weights are shared."""
        if not self.merges:
            return net
        whole = copy.copy(net)
        whole._modules = {**net._modules, "detect": MergedDetection(net.detect, self.groups)}
        return whole

    def relabelled(self, sample):
        """The sample with boxes of wanted classes only."""
        if not self.merges:
            return sample
        table = np.full(len(self.names), -1)
        for number, group in enumerate(self.groups):
            table[group] = number
        labels = table[sample["labels"]] if len(sample["labels"]) else sample["labels"]
        kept = labels >= 0
        return {**sample, "labels": labels[kept], "boxes": sample["boxes"][kept], "ignored": sample["ignored"][kept]}

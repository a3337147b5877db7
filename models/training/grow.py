"""Weights of another network put into this one: wider, deeper, more classes, or a shipped package's graph.

What the old network computed stays: the outputs of new channels are random, but nothing reads them yet (zero weights),
and new blocks add little (their last norm starts small, under a bias that the norms behind take out again). Classes and
groups are matched by name.
"""

import json
import re
from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn as nn
from onnx import numpy_helper

from export import SCALE_NAME, STEPS_NAME

# A block ends in a ReLU. With a bias of three times its gain nearly all of a new one passes; without, the first noisy steps push it
# below zero, where nothing teaches it any more: so died 296 of the 384 channels of the three blocks grown into the shipped weights.
NEW_BLOCK_GAIN, NEW_BLOCK_BIAS = 0.1, 0.3
DEAD_SPREADS = 4.0
# Root mean square of the weights before a norm after long training. Only their proportions reach the norm's output, but an
# optimizer's step of fixed size turns small ones further.
TRAINED_RMS = 0.12


def joined(config):
    """Input channels of the layers that read several maps side by side, by parameter prefix."""
    c3, c4, c5 = config["network"]["widths"]
    return {
        "neck.up4.enter.0": [c5, c4], "neck.up3.enter.0": [c4, c3], "neck.mix4.enter.0": [c3, c4], "neck.mix5.enter.0": [c4, c5],
        "goods.mix.0.0": [c4, c5], f"backbone.stage5.{config['network']['depths'][2] + 1}.leave.0": [c5 // 2] * 4,
    }


def old_name(name, old_depths, new_depths):
    """Name of the parameter in the old network; None for a block that it did not have."""
    found = re.match(r"backbone\.stage([345])\.(\d+)\.(.*)", name)
    if not found:
        return name
    stage, at, rest = int(found[1]), int(found[2]), found[3]
    before, now = old_depths[stage - 3], new_depths[stage - 3]
    if at > now:
        at = before + 1
    elif at > before:
        return None
    return f"backbone.stage{stage}.{at}.{rest}"


def positions(old_parts, new_parts):
    """Where each old input channel stands among the new ones."""
    out, start = [], 0
    for old, new in zip(old_parts, new_parts):
        if old > new:
            raise ValueError(f"{old} channels do not fit into {new}")
        out += range(start, start + old)
        start += new
    return torch.tensor(out)


def rows(name, count, old_config, config):
    """Output rows of the new network that the old ones become: by class or group name in the heads."""
    if name.startswith("detect.classes."):
        return torch.tensor([config["classes"].index(c) for c in old_config["classes"]])
    if name.startswith("goods.presence."):
        return torch.tensor([config["groups"].index(g) for g in old_config["groups"]])
    if name.startswith("goods.vote."):
        return torch.tensor([config["groups"].index(g) for g in old_config["groups"]] + [len(config["groups"])])
    return torch.arange(count)


def put(new, old, out, inner):
    """`old` into the tensor `new`: rows `out`; old rows do not read new input channels."""
    if new.ndim < 2:
        new[out] = old
        return
    new[out] = 0
    new[out[:, None], inner[None, :]] = old


def grown(state, old_config, config, fresh):
    """The state of the network of `config`, from `state` of `old_config`; `fresh`: a newly initialised state of `config`."""
    depths = [c["network"]["depths"] for c in (old_config, config)]
    parts, old_parts = joined(config), joined(old_config)
    result = {name: value.clone() for name, value in fresh.items()}
    for name, value in result.items():
        source = old_name(name, *depths)
        if source is None:
            if name.endswith("second.1.weight"):
                value.fill_(NEW_BLOCK_GAIN)
            elif name.endswith("second.1.bias"):
                value.fill_(NEW_BLOCK_BIAS)
        elif value.ndim == 0:
            value.copy_(state[source])
        else:
            old, prefix = state[source], name.rsplit(".", 1)[0]
            inner = None
            if value.ndim > 1:
                split = parts.get(prefix)
                inner = positions(old_parts[source.rsplit(".", 1)[0]], split) if split else torch.arange(old.shape[1])
            put(value, old, rows(name, old.shape[0], old_config, config), inner)
    return result


def woken(state):
    """Lets the dead channels of the backbone's blocks, which no usual input brings over zero, start anew in `state`; how many they are."""
    count = 0
    for name, bias in state.items():
        if re.match(r"backbone\..*second\.1\.bias$", name):
            gain = state[name.removesuffix("bias") + "weight"]
            dead = bias + DEAD_SPREADS * gain.abs() < 0
            gain[dead], bias[dead] = NEW_BLOCK_GAIN, NEW_BLOCK_BIAS
            count += int(dead.sum())
    return count


def package_state(folders):
    """(parameters by name, config) out of the graphs of package folders; norms are folded into the convolutions there."""
    found, config = {}, {}
    for folder in folders:
        manifest = json.loads((Path(folder) / "model.json").read_text())
        names = [entry["name"] for entry in manifest["classes"]]
        config["classes" if manifest["task"] == "detection" else "groups"] = names
        kept = {tensor.name: numpy_helper.to_array(tensor) for tensor in onnx.load(str(Path(folder) / "model.onnx")).graph.initializer}
        for name, value in kept.items():
            if name.endswith(SCALE_NAME):
                continue
            if name.endswith(STEPS_NAME):
                name = name.removesuffix(STEPS_NAME)
                value = value.astype(np.float32) * kept[name + SCALE_NAME]
            name = name.removeprefix("mirrored.").removeprefix("net.")
            found[name] = torch.from_numpy(value.astype(np.float32))
    return found, config


def network_of(found):
    """The `network` of the configuration that a graph's parameters were made with."""
    width = lambda name: found[name].shape[0]
    return {
        "stem": width("backbone.stem.1.0.weight"), "widths": [width(f"backbone.stage{s}.0.0.weight") for s in (3, 4, 5)],
        "depths": depths_of(found), "head": width("detect.enter_class.0.0.weight"), "goods": width("goods.mix.0.0.weight"),
    }


def depths_of(found):
    """Blocks per stage of a graph's parameters."""
    return [len({m[1] for name in found if (m := re.match(rf"backbone\.stage{stage}\.(\d+)\.second", name))}) for stage in (3, 4, 5)]


def load_package(net, found, sample):
    """Folded weights into `net` of the same shape; each norm is set so that on `sample` (transmission) it only adds the bias.

    `net` may be a `network.Mirrored` with its head for matter, or a network alone.
    """
    state, folded = net.state_dict(), {}
    plain = lambda name: name.removeprefix("net.")
    convolutions = {name.removesuffix(".1.running_mean") + ".0" for name in state if name.endswith(".1.running_mean")}
    for name in state:
        value, layer = found.get(plain(name)), name.removesuffix(".weight")
        if value is not None and value.shape == state[name].shape:
            if layer in convolutions:
                folded[layer] = stretch(value), found[plain(layer) + ".bias"]
                value = value * folded[layer][0].reshape(-1, 1, 1, 1)
            state[name].copy_(value)
        elif re.sub(r"\.1\.\w+$", ".0", name) not in convolutions:
            raise ValueError(f"the package holds no {name} of this shape")
    net.load_state_dict(state)
    hooks = [
        module.register_forward_pre_hook(neutral(*folded[name.removesuffix(".1") + ".0"]))
        for name, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)
    ]
    with torch.no_grad():
        net.eval()(sample)
    for hook in hooks:
        hook.remove()


def stretch(weight):
    """Factor [rows] that gives the rows of a folded convolution the size of trained ones."""
    return TRAINED_RMS / weight.pow(2).mean((1, 2, 3)).sqrt().clamp(min=1e-6)


def neutral(factor, bias):
    """Sets a norm's statistics to those of its input and its scale so that it passes the input on over `factor`, plus `bias`."""
    def hook(norm, inputs):
        x = inputs[0]
        norm.running_mean.copy_(x.mean((0, 2, 3)))
        norm.running_var.copy_(x.var((0, 2, 3), unbiased=False))
        norm.weight.copy_((norm.running_var + norm.eps).sqrt() / factor)
        norm.bias.copy_(bias + norm.running_mean / factor)
    return hook

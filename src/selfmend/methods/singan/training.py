"""The paper's training: scale by scale, critic against generator, with partial convolutions where there is a hole.

Shaham et al., "SinGAN", ICCV 2019, Sec. 3.2 and its authors' code; Linhart & Castagné, "SinGAN for Inpainting", 2020,
Sec. 2.3. Pictures are (1, C, H, W) in [-1, 1], `valid` is (1, 1, H, W), 1 where the picture is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn

from selfmend.methods.adversarial import frozen
from selfmend.methods.singan.config import SinGANConfig
from selfmend.methods.singan.scales import Changed, Scale, Scales, ScaleTask, freeze, generate, scale_task, stage_name
from selfmend.nn.adversarial_losses import gradient_penalty, wasserstein_critic_loss, wasserstein_generator_loss
from selfmend.nn.layers import initialize
from selfmend.nn.reconstruction_losses import masked_mse
from selfmend.nn.singan import SinGANCritic, SinGANGenerator
from selfmend.nn.tensors import make_generator, send
from selfmend.training.cuda_graphs import Recorded
from selfmend.training.devices import pytorch_threads
from selfmend.training.stage import Stage

_SMALL = 150_000
"""Values of a feature map up to which a step takes one thread."""


class Fixed(nn.Module):
    """A tensor that is saved with a stage: z*, which the code's variant draws anew in every step."""

    def __init__(self, value: Tensor) -> None:
        super().__init__()
        self.register_buffer("value", value)
        self.value: Tensor


def channels_at(config: SinGANConfig, level: int) -> int:
    """Hidden channels at a scale: doubled every few scales, up to the most (SinGAN's code)."""
    return min(config.channels * 2 ** (level // config.channels_double_every), config.max_channels)


def adversarial_stages(
    scales: Scales, reals: list[Tensor], valids: list[Tensor] | None, config: SinGANConfig, *, seed: int
) -> Iterator[Stage]:
    """Yield one stage a scale, and put each into `scales.trained` when it is trained.

    Args:
        scales: without trained scales; gets them.
        reals: the picture at each scale, (1, C, H, W) in [-1, 1].
        valids: where it is known at each scale, (1, 1, H, W), or None for everywhere.
        config: the options.
        seed: of all that is drawn while a stage is built.
    """
    device = reals[0].device
    z_star = Fixed(scales.draw_noise(0, generator=make_generator(seed, "z star"), device=device)[:, :1].clone())
    generator, critic = None, None
    for level, real in enumerate(reals):
        task = scale_task(scales, level, real, noise_amplitude=config.noise_amplitude, valids=valids)
        generator, critic = _new_nets(config, scales, level, generator, critic, seed=seed, device=device)
        yield _stage(task, scales, z_star, generator, critic, config)
        scales.z_star = z_star.value
        scales.trained.append(Scale(freeze(generator), task.amplitude))


def retrained_scale(
    scales: Scales, level: int, real: Tensor, config: SinGANConfig, *, change: Callable[[Tensor], Tensor], seed: int
) -> Iterator[Stage]:
    """Yield the stage that trains one scale anew, from fresh weights, and put it into its place in `scales.trained`.

    Args:
        scales: trained without a mask, from the coarsest on.
        level: the scale, not the coarsest.
        real: the picture at this scale, (1, C, H, W) in [-1, 1].
        config: the options.
        change: what is done to all that comes from below: random samples and the reconstruction.
        seed: of the fresh weights.
    """
    task = scale_task(scales, level, real, noise_amplitude=config.noise_amplitude, change=change)
    generator, critic = _new_nets(config, scales, level, None, None, seed=seed, device=real.device)
    changed = Changed(**vars(scales), change=change)
    z_star = Fixed(real.new_zeros(1))  # the coarsest scale's alone; not looked at here
    yield _stage(task, changed, z_star, generator, critic, config)
    scales.trained[level] = Scale(freeze(generator), task.amplitude)


def _new_nets(
    config: SinGANConfig,
    scales: Scales,
    level: int,
    generator: SinGANGenerator | None,
    critic: SinGANCritic | None,
    *,
    seed: int,
    device: torch.device,
) -> tuple[SinGANGenerator, SinGANCritic]:
    """Fresh nets; they start from the weights of the scale below where the number of channels is the same."""
    width = channels_at(config, level)
    new_generator = SinGANGenerator(channels=width, in_channels=scales.channels, ratio=config.partial_ratio)
    new_critic = SinGANCritic(channels=width, in_channels=scales.channels, ratio=config.partial_ratio)
    initialize(new_generator, generator=make_generator(seed, stage_name(scales, level), "generator"))
    initialize(new_critic, generator=make_generator(seed, stage_name(scales, level), "critic"))
    if generator is not None and critic is not None and channels_at(config, level - 1) == width:
        new_generator.load_state_dict(generator.state_dict())
        new_critic.load_state_dict(critic.state_dict())
    return new_generator.to(device), new_critic.to(device)


def _stage(
    task: ScaleTask,
    scales: Scales,
    z_star: Fixed,
    generator: SinGANGenerator,
    critic: SinGANCritic,
    config: SinGANConfig,
) -> Stage:
    level, real, valid, below, amplitude = task.level, task.real, task.valid, task.below, task.amplitude
    betas = (config.beta1, 0.999)
    generator_optimizer = torch.optim.Adam(generator.parameters(), lr=config.learning_rate, betas=betas)
    critic_optimizer = torch.optim.Adam(critic.parameters(), lr=config.learning_rate, betas=betas)
    partial, device = scales.partial, real.device

    def draw(random: torch.Generator) -> list[Tensor]:
        """This step's noise; and for each of the critic's updates the noise of the scales below, and its mixture."""
        noise = scales.draw_noise(level, generator=random, device=device) * amplitude
        if level == 0 and not config.fixed_z_star:
            z_star.value.copy_(scales.draw_noise(0, generator=random, device=device)[:, :1])
        drawn = [noise]
        for _ in range(config.critic_steps):
            drawn += scales.draw_below(level, generator=random, device=device)
            drawn.append(send(torch.rand(1, 1, 1, 1, generator=random), device))
        return drawn

    def learn(noise: Tensor, *drawn: Tensor) -> dict[str, Tensor]:
        z_rec = z_star.value.expand(-1, real.shape[1], -1, -1) if level == 0 else torch.zeros_like(real)

        each = len(drawn) // config.critic_steps
        for k in range(config.critic_steps):
            *noises, mix = drawn[k * each : (k + 1) * each]
            previous = scales.sample_below(noises, device=device)
            with torch.no_grad():
                fake = generate(generator, previous, noise, partial=partial, valid=valid)
            (real_score, real_seen), (fake_score, fake_seen) = critic(real, valid), critic(fake, valid)
            distance = wasserstein_critic_loss(real_score, fake_score, real_valid=real_seen, fake_valid=fake_seen)
            penalty = gradient_penalty(critic, real, fake, mix=mix, valid=valid, per=config.penalty_per)
            critic_optimizer.zero_grad()
            (distance + config.penalty_weight * penalty).backward()
            critic_optimizer.step()

        for k in range(config.generator_steps):
            if k == 0 or config.fresh_fakes:
                # A fake that a generator step has left behind cannot be differentiated again: its weights are gone.
                fake = generate(generator, previous, noise, partial=partial, valid=valid)
                with frozen(critic):
                    score, seen = critic(fake, valid)
                    adversarial = wasserstein_generator_loss(score, valid=seen)
                    output = generate(generator, below, z_rec, partial=partial, valid=valid)
                    reconstruction = masked_mse(output, real, valid)
                    generator_optimizer.zero_grad()
                    (adversarial + config.reconstruction_weight * reconstruction).backward()
            generator_optimizer.step()
        return {
            "critic": distance.detach(),
            "penalty": penalty.detach(),
            "generator": adversarial.detach(),
            "reconstruction": reconstruction.detach(),
        }

    recorded = Recorded(learn, [generator_optimizer, critic_optimizer])

    def step(i: int, batch: object, random: torch.Generator) -> Mapping[str, Tensor]:
        late = i >= config.learning_rate_drop_at * config.steps
        for optimizer in (generator_optimizer, critic_optimizer):
            optimizer.param_groups[0]["lr"] = config.learning_rate * (config.learning_rate_drop if late else 1.0)
        return recorded(*draw(random), key=late)

    small = real.shape[2] * real.shape[3] * channels_at(config, level) <= _SMALL
    return Stage(
        name=task.name,
        steps=config.steps,
        step=pytorch_threads(1)(step) if small else step,
        state={
            "generator": generator.train(),
            "critic": critic.train(),
            "generator_optimizer": generator_optimizer,
            "critic_optimizer": critic_optimizer,
            "z_star": z_star,
        },
    )

import torch

from selfmend.nn.adversarial_losses import wasserstein_critic_loss, wasserstein_generator_loss


def test_by_hand() -> None:
    real, fake = torch.tensor([[[[1.0, 3.0]]]]), torch.tensor([[[[0.0, 8.0]]]])
    first = torch.tensor([[[[1.0, 0.0]]]])
    assert wasserstein_critic_loss(real, fake).item() == 4 - 2
    assert wasserstein_critic_loss(real, fake, real_valid=first, fake_valid=first).item() == 0 - 1
    assert wasserstein_generator_loss(fake).item() == -4
    assert wasserstein_generator_loss(fake, valid=first).item() == 0

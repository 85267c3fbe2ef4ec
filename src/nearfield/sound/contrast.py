"""What training lowers: songs told apart, and a teacher followed."""

import torch
import torch.nn.functional as F
from torch import Tensor

from nearfield.errors import InvalidInput


def tell_songs_apart(vectors: Tensor, songs: Tensor, temperature: float) -> Tensor:
    """Return how badly windows recognize the other windows of their own song [1]_.

    Parameters
    ----------
    vectors : float, shape (windows, dim)
        Of length 1.
    songs : int64, shape (windows,)
        Which song each window is of; two windows or more of each.
    temperature : float
        Divides the cosines; greater than 0.

    Returns
    -------
    Tensor, shape ()
        Mean over windows, and over the positives of each, of the cross-entropy in nats.

    References
    ----------
    .. [1] Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020.
       https://arxiv.org/abs/2004.11362
    """
    itself = torch.eye(len(songs), dtype=torch.bool, device=songs.device)
    positive = (songs[:, None] == songs[None]) & ~itself
    if not bool(positive.any(dim=1).all()):
        raise InvalidInput("each song needs two windows or more in a batch, to be recognized by.")
    logits = (vectors @ vectors.T / temperature).masked_fill(itself, -torch.inf)
    log_probability = F.log_softmax(logits, dim=1).masked_fill(itself, 0.0)
    return -((log_probability * positive).sum(1) / positive.sum(1)).mean()


def follow(vectors: Tensor, lesson: Tensor, relations: float) -> Tensor:
    """Return how far vectors are from a teacher's, one by one and in their cosines.

    Parameters
    ----------
    vectors, lesson : float, shape (windows, dim)
        Of length 1.
    relations : float
        Weight of the squared difference between the cosines of all pairs [1]_.

    Returns
    -------
    Tensor, shape ()
        Mean of 1 - cosine, plus the weighted mean square.

    References
    ----------
    .. [1] Park et al., "Relational Knowledge Distillation", CVPR 2019.
       https://arxiv.org/abs/1904.05068
    """
    alone = 1.0 - (vectors * lesson).sum(1).mean()
    between = (vectors @ vectors.T - lesson @ lesson.T).square().mean()
    return alone + relations * between

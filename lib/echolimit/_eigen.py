"""Eigenvalues and eigenvectors of covariances, with the check that they are covariances."""

from __future__ import annotations

import array_api_compat as compat

from echolimit._arrays import Array, has_values


def eigen_covariances(covariances: Array) -> tuple[Array, Array | None]:
    """Eigenvalues (k, d) and eigenvectors (k, d, d), or (k, 1) and None for isotropic components; PSD is checked."""
    xp = compat.array_namespace(covariances)
    axes = None
    if covariances.ndim == 1:
        spectrum = covariances[:, None]
    elif covariances.shape[1] == 1:
        spectrum = covariances[:, :, 0]
    else:
        skew = xp.max(xp.abs(covariances - xp.matrix_transpose(covariances)))
        scale = xp.max(xp.abs(covariances))
        if has_values(skew) and float(skew) > 1e-6 * float(scale):
            raise ValueError(f"covariances must be symmetric, got an asymmetry of {float(skew)}: use (C + C.mT) / 2")
        spectrum, axes = xp.linalg.eigh((covariances + xp.matrix_transpose(covariances)) / 2)
    if has_values(spectrum):
        smallest, largest = float(xp.min(spectrum)), float(xp.max(xp.abs(spectrum)))
        slack = 0.0 if axes is None else 100 * float(xp.finfo(spectrum.dtype).eps) * largest
        if smallest < -slack:
            raise ValueError(
                f"covariances must be positive semi-definite, got an eigenvalue {smallest}: check their signs"
            )
        if axes is not None:  # rounding of a zero eigenvalue is a zero
            spectrum = xp.where(xp.abs(spectrum) <= slack, xp.zeros_like(spectrum), spectrum)
    return spectrum, axes

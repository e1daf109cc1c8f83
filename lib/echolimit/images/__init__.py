"""Image sets for the loop: CIFAR-10, stand-ins that need no network, and folders or zips of one's own."""

from echolimit.images.image_set import ImageSet
from echolimit.images.loading import load_images

__all__ = ["ImageSet", "load_images"]

"""Image sets for the loop: CIFAR-10, stand-ins that need no network, and folders or zips of one's own."""

from echolimit.images.image_set import ImageSet
from echolimit.images.loading import load_images
from echolimit.images.memorisation import copied_share, nearest_images, predicted_copied_share

__all__ = ["ImageSet", "copied_share", "load_images", "nearest_images", "predicted_copied_share"]

"""Neural style transfer: costs, the network cut where the last of them ends, and painting."""

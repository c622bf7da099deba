"""How two pictures of one scene lie on each other: homographies and optical flow."""

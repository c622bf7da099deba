"""EdgeConnect: edges are drawn into the hole first, and colours follow them (Nazeri et al., 2019)."""

from selfmend.methods.edge_connect.config import EdgeConnectConfig
from selfmend.methods.edge_connect.model import EdgeConnect

__all__ = ["EdgeConnect", "EdgeConnectConfig"]

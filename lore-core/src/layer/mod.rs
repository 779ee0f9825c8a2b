//! Layers: behaviour that is the same for every use of a port.

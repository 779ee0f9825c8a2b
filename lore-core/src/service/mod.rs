//! Services: one per subject, over the ports.

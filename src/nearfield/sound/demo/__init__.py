"""Music for `nearfield demo music`: free scores, played here and now."""

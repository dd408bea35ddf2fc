package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** What a compiled function holds outside the Java heap, in the order in which it was made. */
final class Resources implements AutoCloseable {
  private final List<AutoCloseable> owned = new ArrayList<>();

  /** May be called by several threads. */
  synchronized <T extends AutoCloseable> T add(T resource) {
    owned.add(resource);
    return resource;
  }

  /** Closes everything, the latest first. */
  @Override
  public void close() {
    Collections.reverse(owned);
    for (AutoCloseable resource : owned) {
      try {
        resource.close();
      } catch (Exception e) {
        throw new IllegalStateException("a resource of a compiled function would not close", e);
      }
    }
    owned.clear();
  }
}

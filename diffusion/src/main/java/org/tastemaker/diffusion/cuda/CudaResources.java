package org.tastemaker.diffusion.cuda;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** Closes what belongs together, all of it, also where one part fails. */
final class CudaResources {
  private CudaResources() {}

  /** Closes resources, last first, and then what they came from; the list is empty afterwards. */
  static void close(List<AutoCloseable> resources, AutoCloseable origin) {
    List<AutoCloseable> all = new ArrayList<>(resources);
    resources.clear();
    Collections.reverse(all);
    all.add(origin);
    RuntimeException failure = null;
    for (AutoCloseable resource : all) {
      try {
        resource.close();
      } catch (RuntimeException e) {
        failure = add(failure, e);
      } catch (Exception e) {
        failure = add(failure, new IllegalStateException(e));
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private static RuntimeException add(
      @org.jspecify.annotations.Nullable RuntimeException first, RuntimeException next) {
    if (first == null) {
      return next;
    }
    first.addSuppressed(next);
    return first;
  }
}

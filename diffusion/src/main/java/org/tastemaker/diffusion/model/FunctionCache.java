package org.tastemaker.diffusion.model;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * A model's latest functions; the least recently used is evicted and closed.
 *
 * <p>On a hit the function's {@code parametersChanged} is called, since another function of the
 * model may have trained what this one holds frozen. The work that this causes costs little
 * compared with a run, and no caller can forget it.
 */
final class FunctionCache implements AutoCloseable {
  static final int CAPACITY = 4;

  private final Map<Object, GraphFunction> functions = new LinkedHashMap<>(16, 0.75f, true);

  GraphFunction get(Object key, Supplier<GraphFunction> builder) {
    GraphFunction function = functions.get(key);
    if (function == null) {
      if (functions.size() >= CAPACITY) {
        Iterator<GraphFunction> oldest = functions.values().iterator();
        oldest.next().close();
        oldest.remove();
      }
      function = builder.get();
      functions.put(key, function);
    } else {
      function.parametersChanged();
    }
    return function;
  }

  @Override
  public void close() {
    functions.values().forEach(GraphFunction::close);
    functions.clear();
  }
}

package org.tastemaker.diffusion.model;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * A model's latest functions; the one that was not used for longest makes room, and is closed.
 *
 * <p>A function that is handed out again is told that parameters may have changed, since another
 * function of the model may have trained what this one holds frozen. What it then makes anew costs
 * little beside a run, and it cannot be forgotten.
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

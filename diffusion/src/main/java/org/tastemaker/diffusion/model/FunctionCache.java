package org.tastemaker.diffusion.model;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.tastemaker.diffusion.engine.graph.GraphFunction;

/**
 * A model's latest functions; the least recently used is evicted and closed.
 *
 * <p>On a hit the function's {@code parametersChanged} is called, since another function of the
 * model may have trained what this one holds frozen. The work that this causes costs little
 * compared with a run, and no caller can forget it.
 *
 * <p>A new function is made beside those that are here: all of them read the parameters of one
 * model, so the engine may share what it makes of these.
 */
final class FunctionCache implements AutoCloseable {
  static final int CAPACITY = 4;

  private final Map<Object, GraphFunction> functions = new LinkedHashMap<>(16, 0.75f, true);

  /**
   * A function.
   *
   * @param key all that it depends on
   * @param builder makes it if it is not here, beside those that are
   */
  GraphFunction get(Object key, Function<List<GraphFunction>, GraphFunction> builder) {
    GraphFunction function = functions.get(key);
    if (function == null) {
      if (functions.size() >= CAPACITY) {
        Iterator<GraphFunction> oldest = functions.values().iterator();
        oldest.next().close();
        oldest.remove();
      }
      function = builder.apply(List.copyOf(functions.values()));
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

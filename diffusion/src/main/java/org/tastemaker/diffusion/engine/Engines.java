package org.tastemaker.diffusion.engine;

import com.google.common.base.Suppliers;
import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The engines on the class path, by name.
 *
 * <pre>{@code
 * FunctionOptions.inference().withEngine(Engines.named("replay"))
 * }</pre>
 *
 * <p>Every engine that this class hands out checks what its functions are given before they run;
 * see {@link #checked}.
 */
public final class Engines {
  /** The name of the engine that takes the first of the others that can run. */
  public static final String AUTO = AutomaticEngine.NAME;

  private final ImmutableMap<String, Engine> engines;

  /**
   * What was on the class path when an engine was first asked for. A broken jar gives the same
   * error at each call.
   */
  private static final Supplier<Engines> INSTALLED =
      Suppliers.memoize(
          () -> new Engines(ServiceLoader.load(Engine.class, Engine.class.getClassLoader())));

  Engines(Iterable<Engine> installed) {
    Map<String, Engine> byName = new LinkedHashMap<>();
    for (Engine engine : installed) {
      Engine other = byName.putIfAbsent(engine.name(), engine);
      if (other != null || engine.name().equals(AUTO)) {
        throw new IllegalStateException(
            "the name of the engine "
                + engine.getClass().getName()
                + ", \""
                + engine.name()
                + "\", is taken"
                + (other == null ? "" : " by " + other.getClass().getName()));
      }
    }
    engines = ImmutableMap.copyOf(byName);
  }

  /**
   * The engine of a name.
   *
   * @param name such as {@code onednn}, {@code replay} or {@code session}, or {@link #AUTO}
   * @return the engine, equal at each call
   * @throws IllegalArgumentException if there is no engine of this name
   * @throws IllegalStateException if it cannot run on this machine
   */
  public static Engine named(String name) {
    return INSTALLED.get().get(name);
  }

  /**
   * The engine that gives each graph to the first of the others that can run it, the one with the
   * highest {@link Engine#priority} first: the default.
   *
   * @return the engine, equal at each call
   */
  public static Engine auto() {
    return INSTALLED.get().automatic();
  }

  /**
   * The names of the engines on the class path, whether they can run here or not.
   *
   * @return the names, without {@link #AUTO}
   */
  public static ImmutableList<String> names() {
    return INSTALLED.get().engines.keySet().asList();
  }

  /**
   * An engine with the checks before it: its functions are given exactly the inputs of the graph,
   * each of its shape and type, token ids that their table has, cotangents that belong to outputs;
   * they run backward only after a forward run, and not at all once they are closed.
   *
   * @param engine any
   * @return the engine with the checks; the same one if it has them already
   */
  public static Engine checked(Engine engine) {
    return engine instanceof CheckedEngine ? engine : new CheckedEngine(engine);
  }

  Engine automatic() {
    return checked(new AutomaticEngine(engines.values()));
  }

  Engine get(String name) {
    if (name.equals(AUTO)) {
      return automatic();
    }
    Engine engine = engines.get(name);
    if (engine == null) {
      throw new IllegalArgumentException(
          "there is no engine \"" + name + "\"; there are " + list());
    }
    engine
        .whyNot()
        .ifPresent(
            why -> {
              throw new IllegalStateException(
                  "the engine \"" + name + "\" cannot run here: " + why + "; there are " + list());
            });
    return checked(engine);
  }

  private String list() {
    return engines.values().stream()
        .map(
            engine ->
                engine.name()
                    + engine.whyNot().map(why -> " (cannot run here: " + why + ")").orElse(""))
        .collect(Collectors.joining(", ", AUTO + ", ", ""));
  }
}

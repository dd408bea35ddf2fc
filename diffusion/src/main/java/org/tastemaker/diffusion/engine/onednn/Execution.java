package org.tastemaker.diffusion.engine.onednn;

import org.nd4j.linalg.api.buffer.DataType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.nd4j.ReplayFunction;
import org.tastemaker.diffusion.engine.nd4j.SessionFunction;

/** The ways to run a graph. */
public final class Execution {
  private static final Logger LOG = LoggerFactory.getLogger(Execution.class);

  /** Compiles; graphs of another type than FLOAT, and all where oneDNN does not load, replay. */
  private static final GraphFunction.Factory COMPILED = Execution::compile;

  private static final GraphFunction.Factory REPLAY = ReplayFunction::new;

  private static final GraphFunction.Factory SESSION = SessionFunction::new;

  private Execution() {}

  /** Whether oneDNN's natives are there: asked once, at the first graph. */
  private static final class Natives {
    private static final boolean PRESENT = load();

    private static boolean load() {
      try {
        new OneDnn().close();
        return true;
      } catch (LinkageError e) {
        LOG.warn(
            "oneDNN does not load, so graphs run on ND4J's own ops, several times slower; add"
                + " org.bytedeco:dnnl and org.bytedeco:opencl with the classifier of this platform:"
                + " {}",
            e.toString());
        return false;
      }
    }
  }

  /**
   * {@link CompiledFunction}: the default. Where oneDNN's natives are missing, and for graphs in
   * double precision, {@link #replay}.
   *
   * @return the factory, the same one at each call
   */
  public static GraphFunction.Factory compiled() {
    return COMPILED;
  }

  /**
   * {@link ReplayFunction}: libnd4j's ops, the reference.
   *
   * @return the factory, the same one at each call
   */
  public static GraphFunction.Factory replay() {
    return REPLAY;
  }

  /**
   * {@link SessionFunction}: SameDiff's own session, the slowest of the three.
   *
   * @return the factory, the same one at each call
   */
  public static GraphFunction.Factory session() {
    return SESSION;
  }

  private static GraphFunction compile(GraphDefinition definition) {
    boolean isFloat =
        definition.outputs().values().stream()
            .allMatch(tensor -> tensor.dataType() == DataType.FLOAT);
    return isFloat && Natives.PRESENT
        ? new CompiledFunction(definition)
        : new ReplayFunction(definition);
  }
}

package org.tastemaker.diffusion.engine;

import java.util.Map;
import java.util.Optional;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.tastemaker.diffusion.engine.graph.GraphDefinition;
import org.tastemaker.diffusion.engine.graph.GraphFunction;
import org.tastemaker.diffusion.engine.graph.Residence;
import org.tastemaker.diffusion.engine.graph.ResidentTraining;

/** Checks every call of a function, so that no engine has to. */
final class CheckedFunction implements GraphFunction {
  private final RunChecks checks;
  private final GraphFunction function;
  private boolean ran;
  private boolean closed;

  CheckedFunction(GraphDefinition graph, GraphFunction function) {
    this.checks = new RunChecks(graph);
    this.function = function;
  }

  /** The engine's own function, of one that may have checks before it. */
  static GraphFunction unchecked(GraphFunction function) {
    return function instanceof CheckedFunction checked ? checked.function : function;
  }

  @Override
  public Map<String, INDArray> forward(Map<String, INDArray> inputs) {
    requireOpen();
    checks.requireInputs(inputs);
    ran = false;
    Map<String, INDArray> outputs = function.forward(inputs);
    ran = true;
    return outputs;
  }

  @Override
  public Map<String, INDArray> backward(Map<String, INDArray> cotangents) {
    requireBackward(cotangents);
    return function.backward(cotangents);
  }

  @Override
  public Map<String, INDArray> backward(
      Map<String, INDArray> cotangents, ResidentTraining training) {
    requireBackward(cotangents);
    return function.backward(cotangents, training);
  }

  private void requireBackward(Map<String, INDArray> cotangents) {
    requireOpen();
    checks.requireDifferentiable();
    if (!ran) {
      throw new IllegalStateException("call forward first: a gradient belongs to its inputs");
    }
    checks.requireCotangents(cotangents);
  }

  @Override
  public Optional<Residence> residence() {
    requireOpen();
    return function.residence();
  }

  @Override
  public void parametersChanged() {
    function.parametersChanged();
  }

  @Override
  public void close() {
    if (!closed) {
      closed = true;
      function.close();
    }
  }

  @Override
  public String toString() {
    return function.getClass().getSimpleName() + ", checked";
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException("the function is closed");
    }
  }
}

package org.tastemaker.diffusion.engine.onednn;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.BaseOp;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.shape.LongShapeDescriptor;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.nd4j.Backward;
import org.tastemaker.diffusion.engine.nd4j.LayerOps;
import org.tastemaker.diffusion.engine.nd4j.Nd4jGraph;

/**
 * Runs a layer with ND4J's ops, as the engine {@code replay} does: where there is no kernel, slower
 * and never wrong. It keeps arrays of its own, in SameDiff's layouts, and all that its ops compute.
 */
final class StockKernel implements Kernel, AutoCloseable {
  private final LayerScope scope;
  private final Nd4jGraph graph;
  private final LayerOps layer;
  private final Map<String, INDArray> arrays = new HashMap<>();
  private final List<INDArray> owned = new ArrayList<>();

  StockKernel(LayerScope scope, Nd4jGraph graph) {
    this.scope = scope;
    this.graph = graph;
    this.layer = Objects.requireNonNull(graph.layers().get(name()));
  }

  private String name() {
    return scope.layer().name();
  }

  @Override
  public void forward() {
    for (int i = 0; i < scope.inputCount(); i++) {
      INDArray leaf = scope.leaf(i);
      if (leaf != null) {
        arrays.put(layer.inputs().get(i), leaf);
      } else {
        take(scope.input(i), layer.inputs().get(i), scope.shape(i));
      }
    }
    INDArray output = array(scope.layer().output().name(), scope.shape());
    run(layer.forward());
    give(output, scope.output());
  }

  @Override
  public void backward(Buffer gradient) {
    Backward backward = graph.backward();
    if (backward == null) {
      throw new IllegalStateException("the graph has no backward half");
    }
    String outputGradient = backward.gradients().get(scope.layer().output().name());
    if (outputGradient == null) {
      return;
    }
    take(gradient, outputGradient, scope.shape());
    run(backward.ops().get(name()));
    for (int i = 0; i < scope.inputCount(); i++) {
      String name = backward.gradients().get(layer.inputs().get(i));
      if (scope.wants(i) && name != null) {
        INDArray part = array(name, scope.shape(i));
        Buffer target = scope.target(i);
        if (scope.isPlain(i)) {
          scope.program().copy(Buffer.of(part), target, part.length());
        } else {
          give(part, target);
        }
        scope.contribute(i, target);
      }
    }
  }

  private void take(Buffer from, String variable, long... shape) {
    Program program = scope.program();
    program.reorder(
        program.tensor(from, shape), program.dense(Buffer.of(array(variable, shape)), shape));
  }

  private void give(INDArray from, Buffer to) {
    Program program = scope.program();
    program.reorder(program.dense(Buffer.of(from), from.shape()), program.tensor(to, from.shape()));
  }

  private INDArray array(String variable, long... shape) {
    return arrays.computeIfAbsent(variable, name -> create(DataType.FLOAT, shape));
  }

  private INDArray create(DataType type, long... shape) {
    INDArray array = Nd4j.createUninitializedDetached(type, shape);
    owned.add(array);
    return array;
  }

  private void run(List<String> ops) {
    scope.program().emit(new OpsStep(scope.program().kind(), scope.program().layer(), ops));
  }

  @Override
  public void close() {
    owned.forEach(INDArray::close);
    owned.clear();
  }

  /** Ops of libnd4j, laid out at the first run. */
  private final class OpsStep extends Step {
    private final List<String> names;
    private final List<OpContext> contexts = new ArrayList<>();
    private final List<SameDiffOp> ops = new ArrayList<>();

    OpsStep(String kind, String name, List<String> names) {
      super(kind, name);
      this.names = names;
    }

    @Override
    List<Buffer> buffers() {
      return List.of();
    }

    @Override
    List<Buffer> written() {
      return List.of();
    }

    @Override
    Step on(UnaryOperator<Buffer> others) {
      return this; // it has arrays of its own, which keep what they hold
    }

    @Override
    void bind() {
      names.forEach(name -> ops.add(graph.sameDiff().getOps().get(name)));
    }

    @Override
    void run() {
      for (int i = 0; i < ops.size(); i++) {
        SameDiffOp op = ops.get(i);
        if (i == contexts.size()) {
          contexts.add(layOut(op));
        }
        if (op.getOp() instanceof CustomOp custom) {
          Nd4j.exec(custom, contexts.get(i));
        } else {
          Nd4j.exec((Op) op.getOp(), contexts.get(i));
        }
      }
    }

    private OpContext layOut(SameDiffOp op) {
      OpContext context = Nd4j.getExecutioner().buildContext();
      List<String> inputs = op.getInputsToOp() == null ? List.of() : op.getInputsToOp();
      INDArray[] values = new INDArray[inputs.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = value(inputs.get(i));
        context.setInputArray(i, values[i]);
      }
      List<LongShapeDescriptor> shapes;
      if (op.getOp() instanceof DynamicCustomOp custom) {
        context.setArgs(values, custom.iArgs(), custom.dArgs(), custom.tArgs(), custom.bArgs());
        shapes = custom.calculateOutputShape(context);
      } else {
        shapes = ((BaseOp) op.getOp()).calculateOutputShape(context);
      }
      for (int i = 0; i < shapes.size(); i++) {
        String output = op.getOutputsOfOp().get(i);
        long[] shape = shapes.get(i).getShape();
        DataType type = graph.sameDiff().getVariable(output).dataType();
        context.setOutputArray(i, arrays.computeIfAbsent(output, name -> create(type, shape)));
      }
      return context;
    }

    private INDArray value(String variable) {
      INDArray array = arrays.get(variable);
      return array != null ? array : leaf(variable);
    }

    private INDArray leaf(String variable) {
      @Nullable INDArray array = graph.sameDiff().getVariable(variable).getArr();
      if (array == null) {
        throw new IllegalStateException(
            String.format(
                Locale.ROOT,
                "the ops of \"%s\" read \"%s\", which nothing computes",
                name(),
                variable));
      }
      return array;
    }
  }
}

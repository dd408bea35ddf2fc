package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.tastemaker.diffusion.engine.graph.Layer.Kind;

/** Parts of a tensor along one dimension: two side by side, or one cut out. Copies with gaps. */
final class PartKernel implements Kernel {
  private final LayerScope layer;
  private final int axis;

  PartKernel(LayerScope layer) {
    this.layer = layer;
    this.axis = Shapes.physicalAxis(layer.whole("axis"), layer.shape().length);
  }

  @Override
  public void forward() {
    Program program = layer.program();
    if (layer.kind() == Kind.SLICE) {
      Part part = part(layer.shape(0), layer.shape(), layer.whole("begin"));
      program.reorder(part.within(layer.input(0)), part.alone(layer.output()));
      return;
    }
    for (int i = 0; i < 2; i++) {
      Part part = concatenated(i);
      program.reorder(part.alone(layer.input(i)), part.within(layer.output()));
    }
  }

  @Override
  public void backward(Buffer gradient) {
    Program program = layer.program();
    if (layer.kind() == Kind.SLICE) {
      Buffer dx = layer.target(0);
      long count = Shapes.count(layer.shape(0));
      program.loop(List.of(dx), buffers -> fillWithZeros(buffers[0], count));
      Part part = part(layer.shape(0), layer.shape(), layer.whole("begin"));
      program.reorder(part.alone(gradient), part.within(dx));
      layer.contribute(0, dx);
      return;
    }
    for (int i = 0; i < 2; i++) {
      if (layer.wants(i)) {
        Part part = concatenated(i);
        Buffer dx = layer.target(i);
        program.reorder(part.within(gradient), part.alone(dx));
        layer.contribute(i, dx);
      }
    }
  }

  static void fillWithZeros(FloatIndexer buffer, long count) {
    for (long i = 0; i < count; i++) {
      buffer.put(i, 0);
    }
  }

  private Part concatenated(int input) {
    long begin = input == 0 ? 0 : layer.shape(0)[layer.whole("axis")];
    return part(layer.shape(), layer.shape(input), begin);
  }

  private Part part(long[] wholeShape, long[] partShape, long begin) {
    long[] whole = Shapes.physical(wholeShape);
    long[] part = Shapes.physical(partShape);
    long outer = 1;
    long inner = 1;
    for (int i = 0; i < whole.length; i++) {
      if (i < axis) {
        outer *= whole[i];
      } else if (i > axis) {
        inner *= whole[i];
      }
    }
    return new Part(layer.program(), outer, part[axis] * inner, whole[axis] * inner, begin * inner);
  }

  /** [outer, length] within [outer, stride], from an offset on. */
  private record Part(Program program, long outer, long length, long stride, long offset) {
    Operand alone(Buffer buffer) {
      return program.dense(buffer, outer, length);
    }

    Operand within(Buffer buffer) {
      return new Operand(
          program.dnn().strided(new long[] {outer, length}, new long[] {stride, 1}),
          buffer,
          offset * Float.BYTES);
    }
  }
}

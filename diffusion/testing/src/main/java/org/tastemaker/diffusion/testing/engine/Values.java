package org.tastemaker.diffusion.testing.engine;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.tastemaker.diffusion.engine.graph.Ops;
import org.tastemaker.diffusion.engine.graph.Tensor;

/** Random parameters, and the inputs that a run is given. */
public final class Values {
  private final Random random;
  private final Map<String, INDArray> inputs = new LinkedHashMap<>();

  /**
   * The same values for the same seed.
   *
   * @param seed of them
   */
  public Values(long seed) {
    random = new Random(seed);
  }

  /**
   * Where the values come from: for choices of shapes and layers too.
   *
   * @return the source
   */
  public Random random() {
    return random;
  }

  /**
   * Normal numbers.
   *
   * @param scale their standard deviation
   * @param shape of the array
   * @return the array, of type FLOAT
   */
  public INDArray array(double scale, long... shape) {
    float[] values = new float[Math.toIntExact(count(shape))];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (scale * random.nextGaussian());
    }
    return Nd4j.createFromArray(values).reshape(shape).dup('c');
  }

  /**
   * An input with standard normal numbers.
   *
   * @param ops receives it
   * @param name of the input
   * @param differentiable whether its gradient is wanted
   * @param shape of the input
   * @return its tensor
   */
  public Tensor input(Ops ops, String name, boolean differentiable, long... shape) {
    inputs.put(name, array(1, shape));
    return ops.input(name, differentiable, shape);
  }

  /**
   * An input of ids.
   *
   * @param ops receives it
   * @param name of the input
   * @param rows every id is below
   * @param shape of the input
   * @return its tensor
   */
  public Tensor ids(Ops ops, String name, int rows, long... shape) {
    INDArray ids = Nd4j.create(DataType.INT32, shape);
    for (long i = 0; i < ids.length(); i++) {
      ids.putScalar(i, random.nextInt(rows));
    }
    inputs.put(name, ids);
    return ops.intInput(name, shape);
  }

  /**
   * A parameter with normal numbers, such that layers keep the size of what they are given.
   *
   * @param ops receives it
   * @param name of the parameter
   * @param trainable whether its gradient is wanted
   * @param shape of the parameter
   * @return its tensor
   */
  public Tensor parameter(Ops ops, String name, boolean trainable, long... shape) {
    double scale = shape.length == 1 ? 1 : Math.sqrt(8.0 / count(shape));
    return ops.parameter(name, array(scale, shape), trainable);
  }

  /**
   * The inputs that were made, to run with.
   *
   * @return their arrays by name
   */
  public Map<String, INDArray> inputs() {
    return inputs;
  }

  private static long count(long... shape) {
    long count = 1;
    for (long size : shape) {
      count *= size;
    }
    return count;
  }
}

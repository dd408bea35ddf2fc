package org.tastemaker.diffusion.schedule;

import java.util.Arrays;
import java.util.Locale;

/**
 * A weighted sum of the tensors that a step of a sampler knows, so that a sampler can be written
 * down as its paper has it, and its weights come out of that: {@code X0.minus(memory(0)).times(1 /
 * r)}.
 *
 * <table class="striped">
 * <caption>The tensors</caption>
 * <thead><tr><th>form</th><th>tensor</th></tr></thead>
 * <tbody>
 * <tr><td>{@link #SAMPLE}</td><td>x, the sample that the step begins with</td></tr>
 * <tr><td>{@link #OUTPUT}</td><td>o, the model's output, with guidance</td></tr>
 * <tr><td>{@link #X0}</td><td>x0, the clean sample that the output stands for, within its
 * bound</td></tr>
 * <tr><td>{@link #NOISE}</td><td>z, standard normal noise, drawn in this step</td></tr>
 * <tr><td>{@link #memory}</td><td>what the step before has left in a place of the memory</td></tr>
 * </tbody>
 * </table>
 */
final class LinearForm {
  static final LinearForm SAMPLE = unit(0);
  static final LinearForm OUTPUT = unit(1);
  static final LinearForm X0 = unit(2);
  static final LinearForm NOISE = unit(3);
  private static final int FIRST_MEMORY = 4;

  private final double[] weights; // of sample, output, x0, noise, memory 0, memory 1, ...

  private LinearForm(double[] weights) {
    this.weights = weights;
  }

  /** What the step before has left in a place of the memory, from 0. */
  static LinearForm memory(int place) {
    return unit(FIRST_MEMORY + place);
  }

  private static LinearForm unit(int place) {
    double[] weights = new double[place + 1];
    weights[place] = 1;
    return new LinearForm(weights);
  }

  LinearForm plus(LinearForm other) {
    double[] sum = Arrays.copyOf(weights, Math.max(weights.length, other.weights.length));
    for (int i = 0; i < other.weights.length; i++) {
      sum[i] += other.weights[i];
    }
    return new LinearForm(sum);
  }

  LinearForm minus(LinearForm other) {
    return plus(other.times(-1));
  }

  LinearForm times(double factor) {
    double[] product = weights.clone();
    for (int i = 0; i < product.length; i++) {
      // What is not there stays not there, also where a factor is infinite.
      product[i] = product[i] == 0 ? 0 : product[i] * factor;
    }
    return new LinearForm(product);
  }

  double ofSample() {
    return weight(0);
  }

  double ofOutput() {
    return weight(1);
  }

  double ofX0() {
    return weight(2);
  }

  double ofNoise() {
    return weight(3);
  }

  double ofMemory(int place) {
    return weight(FIRST_MEMORY + place);
  }

  /** How many places of the memory it reads, counted from the first. */
  int places() {
    int last = weights.length;
    while (last > FIRST_MEMORY && weights[last - 1] == 0) {
      last--;
    }
    return Math.max(0, last - FIRST_MEMORY);
  }

  /**
   * Checks every weight.
   *
   * @throws IllegalArgumentException if one is not finite
   */
  LinearForm requireFinite() {
    for (double weight : weights) {
      if (!Double.isFinite(weight)) {
        throw new IllegalArgumentException(
            "the weights of a step must be finite, but were " + this);
      }
    }
    return this;
  }

  private double weight(int place) {
    return place < weights.length ? weights[place] : 0;
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "sample %s, output %s, x0 %s, noise %s, memory %s",
        ofSample(),
        ofOutput(),
        ofX0(),
        ofNoise(),
        Arrays.toString(
            Arrays.copyOfRange(weights, Math.min(FIRST_MEMORY, weights.length), weights.length)));
  }
}

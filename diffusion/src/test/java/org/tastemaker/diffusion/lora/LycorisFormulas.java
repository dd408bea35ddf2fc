package org.tastemaker.diffusion.lora;

import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/**
 * What LyCORIS' and PEFT's programs make of a layer's matrices, written out element by element in
 * double precision: {@code delta[p][q][x]} for the output p, the input q and the place x in the
 * kernel.
 */
record LycorisFormulas(int out, int in, int places) {
  /** An element of a change. */
  interface Element {
    double at(int p, int q, int x);
  }

  double[] all(Element element) {
    double[] values = new double[out * in * places];
    for (int i = 0; i < values.length; i++) {
      values[i] = element.at(i / (in * places), i / places % in, i % places);
    }
    return values;
  }

  /** The elements of a whole weight. */
  Element all(float[] values) {
    return (p, q, x) -> values[index(p, q, x)];
  }

  static double sum(int count, IntToDoubleFunction term) {
    return IntStream.range(0, count).mapToDouble(term).sum();
  }

  /** {@code up @ down}, up [out, r], down [r, in kH kW]. */
  Element product(float[] up, float[] down, int rank) {
    return (p, q, x) -> sum(rank, i -> up[p * rank + i] * (double) down[(i * in + q) * places + x]);
  }

  /** {@code einsum("i j k l, i p, j q -> p q k l", mid, up, down)}, up [r, out], down [r, in]. */
  Element tucker(float[] mid, float[] up, float[] down, int rank) {
    return (p, q, x) ->
        sum(
            rank,
            i ->
                sum(
                    rank,
                    j ->
                        mid[(i * rank + j) * places + x]
                            * (double) up[i * out + p]
                            * down[j * in + q]));
  }

  /** {@code kron(left, right)}, left [a, c]. */
  Element kronecker(float[] left, int a, int c, LycorisFormulas small, Element right) {
    return (p, q, x) ->
        left[p / small.out * c + q / small.in] * right.at(p % small.out, q % small.in, x);
  }

  static Element times(Element first, Element second) {
    return (p, q, x) -> first.at(p, q, x) * second.at(p, q, x);
  }

  static Element scaled(Element element, double factor) {
    return (p, q, x) -> factor * element.at(p, q, x);
  }

  /** The difference that DoRA makes: {@code magnitude (W + delta) / ||W + delta|| - W}. */
  double[] dora(double[] weight, Element delta, float[] magnitude, boolean byRow) {
    double[] change = all(delta);
    Element changed = (p, q, x) -> weight[index(p, q, x)] + change[index(p, q, x)];
    return all(
        (p, q, x) -> {
          double squares =
              byRow
                  ? sum(in, i -> sum(places, y -> Math.pow(changed.at(p, i, y), 2)))
                  : sum(out, o -> sum(places, y -> Math.pow(changed.at(o, q, y), 2)));
          double length = magnitude[byRow ? p : q];
          return length * changed.at(p, q, x) / Math.sqrt(squares) - weight[index(p, q, x)];
        });
  }

  private int index(int p, int q, int x) {
    return (p * in + q) * places + x;
  }
}

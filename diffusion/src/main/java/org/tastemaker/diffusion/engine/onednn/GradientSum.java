package org.tastemaker.diffusion.engine.onednn;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.nd4j.linalg.api.ndarray.INDArray;

/** Adds the gradients of all parts to those of the first, always in the same order. */
final class GradientSum implements AutoCloseable {
  private final Resources owned = new Resources();
  private final List<Step> steps;

  /**
   * A sum.
   *
   * @param names of the parameters
   * @param parts the gradients of each part, by name
   */
  GradientSum(Set<String> names, List<Map<String, INDArray>> parts) {
    Program program = new Program(owned.add(new OneDnn()));
    program.begin(Program.Part.BACKWARD, "SUM", "parts");
    for (String name : names) {
      INDArray sum = Objects.requireNonNull(parts.get(0).get(name));
      for (Map<String, INDArray> part : parts.subList(1, parts.size())) {
        INDArray term = Objects.requireNonNull(part.get(name));
        program.add(Buffer.of(sum), Buffer.of(term), Buffer.of(sum), sum.length());
      }
    }
    steps = program.steps(Program.Part.BACKWARD);
    owned.add(Arena.of(steps));
    steps.forEach(Step::bind);
  }

  void run() {
    steps.forEach(Step::run);
  }

  @Override
  public void close() {
    owned.close();
  }
}

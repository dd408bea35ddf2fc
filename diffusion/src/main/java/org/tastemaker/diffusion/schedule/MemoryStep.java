package org.tastemaker.diffusion.schedule;

import java.util.List;

/**
 * A step of a sampler that remembers: it makes the next sample, and what the following step will
 * know, of the sample, the model's output, the clean sample that the output stands for, noise, and
 * its memory, each as a weighted sum.
 */
public final class MemoryStep implements StepRule {
  private final StepCoefficients.Prediction x0;
  private final X0Bound bound;
  private final LinearForm next;
  private final List<LinearForm> remembered;

  /**
   * A step.
   *
   * @param x0 the clean sample as a map of sample and output
   * @param bound of the clean sample
   * @param next the next sample
   * @param remembered what is left for the following step, place by place
   */
  MemoryStep(
      StepCoefficients.Prediction x0, X0Bound bound, LinearForm next, List<LinearForm> remembered) {
    this.x0 = x0;
    this.bound = bound;
    this.next = next.requireFinite();
    this.remembered = remembered.stream().map(LinearForm::requireFinite).toList();
  }

  /** A step without a memory, whose clean sample is bounded in another way than by clipping. */
  static MemoryStep of(StepCoefficients step, X0Bound bound) {
    return new MemoryStep(
        new StepCoefficients.Prediction(step.x0FromSample(), step.x0FromOutput(), 0, 0),
        bound,
        LinearForm.X0
            .times(step.meanFromX0())
            .plus(LinearForm.SAMPLE.times(step.meanFromSample()))
            .plus(LinearForm.OUTPUT.times(step.meanFromOutput()))
            .plus(LinearForm.NOISE.times(step.sigma())),
        List.of());
  }

  @Override
  public double sigma() {
    double remembers = remembered.stream().mapToDouble(form -> Math.abs(form.ofNoise())).sum();
    return next.ofNoise() != 0 || remembers == 0 ? Math.abs(next.ofNoise()) : remembers;
  }

  StepCoefficients.Prediction x0() {
    return x0;
  }

  X0Bound bound() {
    return bound;
  }

  LinearForm next() {
    return next;
  }

  List<LinearForm> remembered() {
    return remembered;
  }

  /** How many places of the memory this step reads. */
  int reads() {
    int most = next.places();
    for (LinearForm form : remembered) {
      most = Math.max(most, form.places());
    }
    return most;
  }

  @Override
  public String toString() {
    return "MemoryStep[next: " + next + "; remembered: " + remembered + "]";
  }
}

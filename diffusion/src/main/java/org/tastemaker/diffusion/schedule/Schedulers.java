package org.tastemaker.diffusion.schedule;

/** Finds the sampler that a configuration asks for. */
public final class Schedulers {
  private Schedulers() {}

  /**
   * The sampler that a configuration asks for, with the usual options: DDIM is deterministic and
   * ends as in diffusers.
   *
   * @param config of a class that can sample
   * @return the sampler
   * @throws IllegalArgumentException if the class can only be read for its noise schedule
   */
  public static Scheduler of(SchedulerConfig config) {
    return switch (config.kind()) {
      case DDIM -> DdimScheduler.of(config);
      case DDPM -> DdpmScheduler.of(config);
      case DPM_SOLVER_MULTISTEP -> DpmSolverScheduler.of(config);
      case EULER_DISCRETE -> EulerScheduler.of(config);
      case PNDM, LMS_DISCRETE ->
          throw new IllegalArgumentException(
              config.kind().className()
                  + " can be read for its noise schedule but not sampled with. Choose a sampler for the same betas, for example config.as(SchedulerKind.DDIM) or config.as(SchedulerKind.DPM_SOLVER_MULTISTEP).");
    };
  }
}

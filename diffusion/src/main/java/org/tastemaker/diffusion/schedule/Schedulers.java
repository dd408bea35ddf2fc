package org.tastemaker.diffusion.schedule;

/** Finds the sampler that a configuration asks for. */
public final class Schedulers {
  private Schedulers() {}

  /**
   * The sampler that a configuration asks for, with the usual options: DDIM is deterministic and
   * ends as in diffusers.
   *
   * @param config of any class
   * @return the sampler
   */
  public static Scheduler of(SchedulerConfig config) {
    return switch (config.kind()) {
      case DDIM -> DdimScheduler.of(config);
      case DDPM -> DdpmScheduler.of(config);
      case DPM_SOLVER_MULTISTEP -> DpmSolverScheduler.of(config);
      case EULER_DISCRETE, EULER_ANCESTRAL_DISCRETE -> EulerScheduler.of(config);
      case PNDM -> PndmScheduler.of(config);
      case LMS_DISCRETE -> LmsScheduler.of(config);
      case HEUN_DISCRETE -> HeunScheduler.of(config);
      case KDPM2_DISCRETE, KDPM2_ANCESTRAL_DISCRETE -> Kdpm2Scheduler.of(config);
      case DPM_SOLVER_SINGLESTEP -> DpmSolverSinglestepScheduler.of(config);
      case DPM_SOLVER_SDE -> DpmSolverSdeScheduler.of(config);
      case UNIPC_MULTISTEP -> UniPcScheduler.of(config);
      case DEIS_MULTISTEP -> DeisScheduler.of(config);
      case LCM -> LcmScheduler.of(config);
      case TCD -> TcdScheduler.of(config);
    };
  }
}

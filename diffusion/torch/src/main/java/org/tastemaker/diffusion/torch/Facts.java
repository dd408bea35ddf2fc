package org.tastemaker.diffusion.torch;

import com.google.common.collect.ImmutableList;
import io.soabase.recordbuilder.core.RecordBuilder;
import java.util.Optional;

/**
 * What there is on a machine of all that LibTorch needs.
 *
 * @param platform JavaCPP's name, such as linux-x86_64
 * @param cpuJar whether natives for the CPU are on the class path
 * @param gpuJar whether natives for CUDA are on the class path; they are then the ones that load
 * @param loadError why LibTorch does not load
 * @param cudaError why the half of it that is for CUDA does not load
 * @param driverError why NVIDIA's driver cannot be used
 * @param driverVersion the version of CUDA that the driver supports, such as 13000; 0 for none
 * @param gpus in the driver's order
 * @param openMp the files of the OpenMP runtimes in this process
 * @param memoryPoll whether JavaCPP looks at the process's memory for every native object
 * @param spinning whether OpenMP's threads wait for each other with the processor running, since
 *     the environment says neither how many there are nor how they wait
 */
@RecordBuilder
record Facts(
    String platform,
    boolean cpuJar,
    boolean gpuJar,
    Optional<String> loadError,
    Optional<String> cudaError,
    Optional<String> driverError,
    int driverVersion,
    ImmutableList<Gpu> gpus,
    ImmutableList<String> openMp,
    boolean memoryPoll,
    boolean spinning)
    implements FactsBuilder.With {
  /**
   * A GPU.
   *
   * @param name the maker's
   * @param computeCapability such as 86 for 8.6
   */
  record Gpu(String name, int computeCapability) {}
}

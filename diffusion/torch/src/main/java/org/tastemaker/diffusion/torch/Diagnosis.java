package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableList.toImmutableList;
import static java.util.stream.Collectors.joining;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.engine.MavenLines;
import org.tastemaker.diffusion.torch.Facts.Gpu;

/**
 * What keeps LibTorch from a device, and the line that mends it.
 *
 * @param facts about this machine
 */
record Diagnosis(Facts facts) {
  /** CUDA 13 runs on every driver that supports CUDA 13.0, whatever its own minor version. */
  private static final int MINIMUM_DRIVER = 13000;

  private static final String MINIMUM_DRIVER_NAME = "580";

  private static final String PAGE = "; docs/gpu.md has the whole set-up";

  /** Nothing if the device can be used; for auto, if anything can. */
  Optional<String> whyNot(Device device) {
    if (facts.loadError().isPresent()) {
      return facts.loadError().map(this::noNatives);
    }
    return device.kind() == Device.Kind.CUDA ? whyNotCuda(device.index()) : Optional.empty();
  }

  /** All that can be used, the fastest kind first. */
  ImmutableList<Device> devices() {
    return Stream.concat(
            IntStream.range(0, facts.gpus().size()).mapToObj(Device::cuda), Stream.of(Device.CPU))
        .filter(device -> whyNot(device).isEmpty())
        .collect(toImmutableList());
  }

  /** What auto is, and why. */
  String choice() {
    Device device = devices().stream().findFirst().orElse(Device.CPU);
    return device.kind() == Device.Kind.CUDA
        ? "LibTorch computes on " + device + ", " + name(device.index())
        : "LibTorch computes on the CPU: "
            + (facts.gpuJar()
                ? whyNotCuda(0).orElse("there is no other device")
                : "its native libraries here are those for the CPU");
  }

  /** What works and could work better. */
  ImmutableList<String> advice() {
    Optional<String> poll =
        facts.memoryPoll()
            ? Optional.of(
                "JavaCPP looks at the process's memory for every native object, several times the"
                    + " cost of calling LibTorch; start Java with"
                    + " -Dorg.bytedeco.javacpp.maxPhysicalBytes=0")
            : Optional.empty();
    boolean onGpu = devices().stream().anyMatch(device -> device.kind() == Device.Kind.CUDA);
    Optional<String> spinning =
        facts.spinning() && !onGpu
            ? Optional.of(
                "OpenMP's threads wait for each other with the processor running; on two cores that"
                    + " made LibTorch four times slower than one thread is. Start Java with"
                    + " OMP_NUM_THREADS=1 in the environment, on more cores also with"
                    + " OMP_WAIT_POLICY=PASSIVE and more threads")
            : Optional.empty();
    return Stream.of(OpenMp.advice(facts.openMp()), poll, spinning)
        .flatMap(Optional::stream)
        .collect(toImmutableList());
  }

  private String noNatives(String error) {
    String platform = facts.platform();
    if (facts.gpuJar()) {
      return missingLibrary(error, "LibTorch for CUDA does not load");
    }
    if (!facts.cpuJar()) {
      return "LibTorch's native libraries are not on the class path; add\n"
          + MavenLines.of("torch-cpu", platform)
          + "\n(there is one for linux-x86_64, windows-x86_64, macosx-x86_64 and macosx-arm64), or for"
          + " a GPU under linux-x86_64 or windows-x86_64 tastemaker-torch-cuda-"
          + platform
          + PAGE;
    }
    return missingLibrary(error, "LibTorch does not load");
  }

  private Optional<String> whyNotCuda(int index) {
    if (!facts.gpuJar()) {
      return Optional.of(
          "LibTorch's native libraries on the class path are those for the CPU; add\n"
              + MavenLines.of("torch-cuda", facts.platform())
              + "\nin place of tastemaker-torch-cpu-"
              + facts.platform()
              + PAGE);
    }
    if (facts.driverError().isPresent()) {
      return Optional.of(
          facts.driverError().get()
              + "; CUDA needs NVIDIA's driver "
              + MINIMUM_DRIVER_NAME
              + " or newer; in a container, start it with --gpus all"
              + PAGE);
    }
    if (facts.driverVersion() < MINIMUM_DRIVER) {
      return Optional.of(
          "NVIDIA's driver supports CUDA "
              + version(facts.driverVersion())
              + ", and LibTorch needs CUDA "
              + version(MINIMUM_DRIVER)
              + "; install driver "
              + MINIMUM_DRIVER_NAME
              + " or newer");
    }
    if (facts.cudaError().isPresent()) {
      return facts
          .cudaError()
          .map(e -> missingLibrary(e, "LibTorch's half for CUDA does not load"));
    }
    return whyNotGpu(index);
  }

  private Optional<String> whyNotGpu(int index) {
    int count = facts.gpus().size();
    if (index >= count) {
      return Optional.of(
          count == 0
              ? "NVIDIA's driver shows this process no GPU; look at nvidia-smi -L and at the"
                  + " environment variable CUDA_VISIBLE_DEVICES"
              : "there is no cuda:"
                  + index
                  + ": NVIDIA's driver shows this process "
                  + gpus()
                  + "; name one of them, or look at the environment variable CUDA_VISIBLE_DEVICES");
    }
    int capability = facts.gpus().get(index).computeCapability();
    return Architectures.run(capability)
        ? Optional.empty()
        : Optional.of(
            "LibTorch has no code for "
                + name(index)
                + " of compute capability "
                + Architectures.text(capability)
                + ", only for "
                + Architectures.ALL.stream().map(Architectures::text).collect(joining(", "))
                + " and later minor versions of each; take another GPU or --device cpu");
  }

  /** LibTorch's file is there, and something that it loads is not. */
  private String missingLibrary(String error, String what) {
    String platform = facts.platform();
    if (error.contains("GLIBC")) {
      return what
          + ": the system's C library is too old; LibTorch needs glibc 2.35, as in Ubuntu 22.04,"
          + " Debian 12 or newer ("
          + error
          + ")";
    }
    Optional<String> file = CudaLibrary.missing(error);
    if (file.isPresent() && file.get().startsWith("libopenblas")) {
      return what + " without " + file.get() + "; add " + Artifacts.openBlas(platform);
    }
    if (!facts.gpuJar()) {
      return what + ": " + error;
    }
    return file.map(
                name ->
                    what
                        + " without "
                        + name
                        + "; add "
                        + Artifacts.cuda(CudaLibrary.of(name), platform))
            .orElseGet(() -> what + "; it needs " + Artifacts.cuda(platform) + " (" + error + ")")
        + ", or have CUDA 13 and cuDNN 9 installed where the system's loader finds them"
        + PAGE;
  }

  private String gpus() {
    return IntStream.range(0, facts.gpus().size())
        .mapToObj(i -> "cuda:" + i + " (" + name(i) + ")")
        .collect(joining(", "));
  }

  private String name(int index) {
    Gpu gpu = facts.gpus().get(index);
    return gpu.name();
  }

  private static String version(int version) {
    return version / 1000 + "." + version % 1000 / 10;
  }
}

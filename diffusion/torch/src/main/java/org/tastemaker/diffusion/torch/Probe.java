package org.tastemaker.diffusion.torch;

import static com.google.common.collect.ImmutableList.toImmutableList;

import com.google.common.base.Throwables;
import com.google.common.collect.ImmutableList;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.tastemaker.diffusion.cuda.CudaDriver;
import org.tastemaker.diffusion.cuda.CudaException;
import org.tastemaker.diffusion.cuda.CudaUnavailableException;
import org.tastemaker.diffusion.torch.Facts.Gpu;

/** Looks at this machine; loads LibTorch, and NVIDIA's driver where natives for CUDA are there. */
final class Probe {
  private static final Path MAPS = Path.of("/proc/self/maps");
  private static final String CUDA_HALF = System.mapLibraryName("torch_cuda");

  private Probe() {}

  /** What there is. */
  static Facts facts(Optional<LinkageError> loadError) {
    String platform = Loader.getPlatform();
    boolean gpuJar = isOnClassPath(platform + "-gpu", CUDA_HALF);
    Facts facts =
        new Facts(
            platform,
            isOnClassPath(platform, System.mapLibraryName("torch_cpu")),
            gpuJar,
            loadError.map(Probe::text),
            gpuJar && loadError.isEmpty() ? cudaError() : Optional.empty(),
            Optional.empty(),
            0,
            ImmutableList.of(),
            openMp(),
            memoryPoll(),
            spinning());
    return gpuJar ? withDriver(facts) : facts;
  }

  private static boolean isOnClassPath(String platform, String library) {
    return torch.class.getResource("/org/bytedeco/pytorch/" + platform + "/" + library) != null;
  }

  /** JavaCPP goes on without a word when this half fails to load; the loader says why. */
  private static Optional<String> cudaError() {
    Path file = Path.of(Loader.load(torch.class)).resolveSibling(CUDA_HALF);
    try {
      System.load(file.toString());
      return Optional.empty();
    } catch (UnsatisfiedLinkError e) {
      String message = text(e);
      return message.contains("already loaded") ? Optional.empty() : Optional.of(message);
    }
  }

  private static Facts withDriver(Facts facts) {
    try {
      CudaDriver driver = CudaDriver.load();
      ImmutableList<Gpu> gpus =
          driver.devices().stream()
              .map(device -> new Gpu(device.name(), device.computeCapability()))
              .collect(toImmutableList());
      return facts.withDriverVersion(driver.version()).withGpus(gpus);
    } catch (CudaUnavailableException | CudaException e) {
      return facts.withDriverError(firstLine(e));
    }
  }

  /** JavaCPP reads the properties when its first class is loaded. */
  private static boolean memoryPoll() {
    return Pointer.maxPhysicalBytes() > 0
        && !Boolean.getBoolean("org.bytedeco.javacpp.noPointerGC");
  }

  private static boolean spinning() {
    return Stream.of("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "GOMP_SPINCOUNT")
        .allMatch(name -> System.getenv(name) == null);
  }

  private static ImmutableList<String> openMp() {
    if (!Files.isReadable(MAPS)) {
      return ImmutableList.of(); // not Linux
    }
    try (Stream<String> lines = Files.lines(MAPS)) {
      return OpenMp.files(lines);
    } catch (IOException | UncheckedIOException e) {
      return ImmutableList.of();
    }
  }

  /** The driver's reason; what the loader tried follows, and helps nobody. */
  private static Optional<String> firstLine(RuntimeException e) {
    return text(e.getMessage(), e).lines().findFirst().map(line -> line.replaceFirst(":$", ""));
  }

  /** The loader's own words are in the last cause. */
  private static String text(Throwable e) {
    Throwable root = Throwables.getRootCause(e);
    return text(root.getMessage(), root);
  }

  private static String text(@Nullable String message, Throwable e) {
    return message == null ? e.toString() : message;
  }
}

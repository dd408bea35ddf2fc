package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.diffusion.engine.Device;
import org.tastemaker.diffusion.torch.Facts.Gpu;

/** Each way in which LibTorch can be set up wrong, and that the answer names the way out. */
class DiagnosisTest {
  private static final Device GPU = Device.cuda(0);

  /** A machine on which everything is right. */
  private static final Facts RIGHT =
      new Facts(
          "linux-x86_64",
          false,
          true,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          13000,
          ImmutableList.of(new Gpu("NVIDIA RTX A6000", 86), new Gpu("NVIDIA H100", 90)),
          ImmutableList.of("/a/libgomp.so.1"),
          false,
          false);

  /** Natives for the CPU, and nothing else. */
  private static final Facts CPU_ONLY =
      RIGHT.withCpuJar(true).withGpuJar(false).withDriverVersion(0).withGpus(ImmutableList.of());

  private static String whyNot(Facts facts, Device device) {
    return new Diagnosis(facts).whyNot(device).orElse("");
  }

  private static String line(String artifact, String version, String classifier) {
    return "<dependency><groupId>org.bytedeco</groupId><artifactId>"
        + artifact
        + "</artifactId><version>"
        + version
        + "</version><classifier>"
        + classifier
        + "</classifier></dependency>";
  }

  private static String cudaLine(String artifact) {
    return line(artifact, "13.1-9.19-1.5.13", "linux-x86_64");
  }

  @Test
  void whereAllIsRightNothingIsSaid() {
    Diagnosis right = new Diagnosis(RIGHT);
    assertThat(right.whyNot(GPU)).isEmpty();
    assertThat(right.whyNot(Device.cuda(1))).isEmpty();
    assertThat(right.whyNot(Device.CPU)).isEmpty();
    assertThat(right.whyNot(Device.AUTO)).isEmpty();
    assertThat(right.advice()).isEmpty();
  }

  @Test
  void gpusComeBeforeTheCpu() {
    assertThat(new Diagnosis(RIGHT).devices()).containsExactly(GPU, Device.cuda(1), Device.CPU);
  }

  @Test
  void autoNamesTheGpuThatItTakes() {
    assertThat(new Diagnosis(RIGHT).choice()).contains("cuda:0", "NVIDIA RTX A6000");
  }

  @Test
  void autoPassesOverAnOldGpu() {
    Facts facts = RIGHT.withGpus(ImmutableList.of(new Gpu("Old", 70), new Gpu("New", 90)));
    assertThat(new Diagnosis(facts).devices()).containsExactly(Device.cuda(1), Device.CPU);
    assertThat(new Diagnosis(facts).choice()).contains("cuda:1", "New");
  }

  @Test
  void autoOnTheCpuSaysWhyNoGpuIsUsed() {
    assertThat(new Diagnosis(CPU_ONLY).devices()).containsExactly(Device.CPU);
    assertThat(new Diagnosis(CPU_ONLY).choice()).contains("on the CPU", "those for the CPU");
  }

  @Test
  void withoutNativesTheirLineIsNamed() {
    Facts facts = CPU_ONLY.withCpuJar(false).withLoadError(Optional.of("no jnitorch"));
    for (Device device : ImmutableList.of(Device.AUTO, Device.CPU, GPU)) {
      assertThat(whyNot(facts, device))
          .contains(
              "not on the class path",
              "<artifactId>tastemaker-torch-cpu-linux-x86_64</artifactId>",
              "tastemaker-torch-cuda-linux-x86_64");
    }
    assertThat(new Diagnosis(facts).devices()).isEmpty();
  }

  @Test
  void aPlatformWithoutNativesLearnsWhichHaveThem() {
    Facts facts =
        CPU_ONLY
            .withPlatform("linux-arm64")
            .withCpuJar(false)
            .withLoadError(Optional.of("no jnitorch"));
    assertThat(whyNot(facts, Device.CPU))
        .contains("there is one for linux-x86_64, windows-x86_64, macosx-x86_64 and macosx-arm64");
  }

  @Test
  void anOldSystemLearnsWhichIsNewEnough() {
    Facts facts = CPU_ONLY.withLoadError(Optional.of("version `GLIBC_2.35' not found"));
    assertThat(whyNot(facts, Device.CPU)).contains("glibc 2.35", "Ubuntu 22.04");
  }

  @Test
  void withoutOpenBlasItsLineIsNamed() {
    Facts facts = CPU_ONLY.withLoadError(Optional.of(missing("libopenblas.so.0")));
    assertThat(whyNot(facts, Device.CPU)).contains("<artifactId>openblas</artifactId>");
  }

  @Test
  void anUnknownFailureIsTold() {
    Facts facts = CPU_ONLY.withLoadError(Optional.of("bad ELF header"));
    assertThat(whyNot(facts, Device.CPU)).contains("bad ELF header");
  }

  @Test
  void theCpuJarIsNoGpuJar() {
    assertThat(whyNot(CPU_ONLY, GPU))
        .contains(
            "those for the CPU",
            "<artifactId>tastemaker-torch-cuda-linux-x86_64</artifactId>",
            "in place of tastemaker-torch-cpu-linux-x86_64");
    assertThat(new Diagnosis(CPU_ONLY).whyNot(Device.CPU)).isEmpty();
  }

  @Test
  void withoutADriverItsVersionIsNamed() {
    Facts facts =
        RIGHT.withDriverError(Optional.of("no NVIDIA driver")).withGpus(ImmutableList.of());
    assertThat(whyNot(facts, GPU)).contains("no NVIDIA driver", "driver 580", "--gpus all");
    assertThat(new Diagnosis(facts).whyNot(Device.CPU)).isEmpty();
  }

  @Test
  void anOldDriverLearnsWhichIsNewEnough() {
    assertThat(whyNot(RIGHT.withDriverVersion(12090), GPU))
        .contains("supports CUDA 12.9", "needs CUDA 13.0", "install driver 580");
  }

  @ParameterizedTest
  @ValueSource(ints = {13000, 13010, 14020})
  void aDriverOfThisOrALaterVersionWillDo(int version) {
    assertThat(new Diagnosis(RIGHT.withDriverVersion(version)).whyNot(GPU)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "libcudnn.so.9, cuda-redist-cudnn",
    "libcublas.so.13, cuda-redist-cublas",
    "libcublasLt.so.13, cuda-redist-cublas",
    "libcusparse.so.12, cuda-redist-cusparse",
    "libnccl.so.2, cuda-redist-nccl",
    "libcufft.so.12, cuda-redist",
    "libcurand.so.10, cuda-redist",
    "libcufile.so.0, cuda-redist",
    "libnvJitLink.so.13, cuda-redist"
  })
  void aMissingLibraryOfCudaHasItsLine(String file, String artifact) {
    Facts facts = RIGHT.withCudaError(Optional.of("/c/libtorch_cuda.so: " + missing(file)));
    assertThat(whyNot(facts, GPU)).contains("without " + file, cudaLine(artifact));
    assertThat(new Diagnosis(facts).whyNot(Device.CPU)).isEmpty();
  }

  @Test
  void theGpuJarWithoutTheRunTimeDoesNotEvenServeTheCpu() {
    Facts facts =
        RIGHT.withLoadError(Optional.of("/c/libjnitorch.so: " + missing("libcupti.so.13")));
    assertThat(whyNot(facts, Device.CPU)).contains("libcupti.so.13", cudaLine("cuda-redist"));
  }

  @Test
  void whereTheLoaderNamesNoLibraryAllLinesAre() {
    Facts facts = RIGHT.withCudaError(Optional.of("Can't find dependent libraries"));
    assertThat(whyNot(facts, GPU))
        .contains(
            cudaLine("cuda-redist-cublas"),
            cudaLine("cuda-redist-cudnn"),
            "Can't find dependent libraries");
  }

  @Test
  void anIndexBeyondTheGpusLearnsWhichThereAre() {
    assertThat(whyNot(RIGHT, Device.cuda(2)))
        .contains(
            "no cuda:2", "cuda:0 (NVIDIA RTX A6000), cuda:1 (NVIDIA H100)", "CUDA_VISIBLE_DEVICES");
  }

  @Test
  void aDriverWithoutGpusIsTold() {
    assertThat(whyNot(RIGHT.withGpus(ImmutableList.of()), GPU))
        .contains("no GPU", "CUDA_VISIBLE_DEVICES");
  }

  @ParameterizedTest
  @ValueSource(ints = {61, 70, 72, 110})
  void aGpuWithoutCodeLearnsWhichHaveSome(int capability) {
    Facts facts = RIGHT.withGpus(ImmutableList.of(new Gpu("Some GPU", capability)));
    assertThat(whyNot(facts, GPU))
        .contains("Some GPU", Architectures.text(capability), "7.5, 8.0, 9.0, 10.0, 12.0");
  }

  @ParameterizedTest
  @ValueSource(ints = {75, 80, 86, 87, 89, 90, 100, 103, 120, 121})
  void aGpuOfAMajorVersionWithCodeRuns(int capability) {
    Facts facts = RIGHT.withGpus(ImmutableList.of(new Gpu("Some GPU", capability)));
    assertThat(new Diagnosis(facts).whyNot(GPU)).isEmpty();
  }

  @Test
  void theMemoryPollIsAdvisedAgainst() {
    assertThat(new Diagnosis(RIGHT.withMemoryPoll(true)).advice())
        .singleElement()
        .asString()
        .contains("-Dorg.bytedeco.javacpp.maxPhysicalBytes=0");
  }

  @Test
  void threadsThatWaitWithTheProcessorRunningAreAdvisedAgainstOnTheCpu() {
    assertThat(new Diagnosis(CPU_ONLY.withSpinning(true)).advice())
        .singleElement()
        .asString()
        .contains("OMP_NUM_THREADS=1");
    assertThat(new Diagnosis(RIGHT.withSpinning(true)).advice()).isEmpty();
  }

  @Test
  void twoOpenMpRuntimesAreNamed() {
    Facts facts = RIGHT.withOpenMp(ImmutableList.of("/a/libgomp.so.1", "/b/libiomp5.so"));
    assertThat(new Diagnosis(facts).advice())
        .singleElement()
        .asString()
        .contains("/a/libgomp.so.1 and /b/libiomp5.so", "OMP_NUM_THREADS=1");
  }

  private static String missing(String file) {
    return file + ": cannot open shared object file: No such file or directory";
  }
}

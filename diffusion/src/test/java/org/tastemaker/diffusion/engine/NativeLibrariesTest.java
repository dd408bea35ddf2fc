package org.tastemaker.diffusion.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Each way in which a class path can lack natives, and the line that is named for it. */
class NativeLibrariesTest {
  private static final String CPU = "org/nd4j/linalg/cpu/nativecpu/CpuBackend.class";
  private static final String CUDA = "org/nd4j/linalg/jcublas/JCublasBackend.class";
  private static final String BINDINGS = "org/nd4j/linalg/cpu/nativecpu/bindings/";

  /** A class path for a platform: the files that JavaCPP looks for. */
  private static Set<String> complete(String platform, String extension, String form) {
    Set<String> files = new HashSet<>(Set.of(CPU));
    files.add(BINDINGS + platform + extension + "/" + form.replace("*", "jnind4jcpu"));
    for (String name : Set.of("javacpp", "openblas", "dnnl")) {
      files.add("org/bytedeco/" + name + "/" + platform + "/" + form.replace("*", "jni" + name));
    }
    files.add("org/bytedeco/opencl/" + platform + "/" + form.replace("*", "jniOpenCL"));
    return files;
  }

  private static NativeLibraries linux(Set<String> files) {
    return new NativeLibraries("linux-x86_64", files::contains);
  }

  private static Set<String> onLinux() {
    return complete("linux-x86_64", "-onednn-avx2", "lib*.so");
  }

  private static String line(String platform) {
    return "<artifactId>tastemaker-cpu-" + platform + "</artifactId>";
  }

  @ParameterizedTest
  @CsvSource({
    "linux-x86_64, -onednn-avx2, lib*.so",
    "linux-x86_64, '', lib*.so",
    "linux-arm64, '', lib*.so",
    "macosx-x86_64, -onednn-avx2, lib*.dylib",
    "macosx-arm64, '', lib*.dylib",
    "windows-x86_64, -onednn-avx2, *.dll"
  })
  void aCompleteClassPathLacksNothing(String platform, String extension, String form) {
    NativeLibraries libraries =
        new NativeLibraries(platform, complete(platform, extension, form)::contains);

    assertThat(libraries.missing()).isEmpty();
    assertThat(libraries.missingOneDnn()).isEmpty();
    assertThat(libraries.twoBackends()).isEmpty();
  }

  @Test
  void anEmptyClassPathNeedsTheOneLine() {
    assertThat(linux(Set.of()).missing().orElseThrow())
        .contains("the classes of nd4j-native", "openblas's native libraries")
        .containsOnlyOnce(line("linux-x86_64"))
        .containsOnlyOnce("implementation(\"org.tastemaker:tastemaker-cpu-linux-x86_64:");
  }

  @Test
  void nativesOfAnotherMachineAreNamed() {
    Set<String> files = complete("macosx-arm64", "", "lib*.dylib");

    assertThat(linux(files).missing().orElseThrow())
        .contains(
            "nd4j-native's native libraries for this machine, linux-x86_64 (it has those for macosx-arm64)")
        .contains("in place of those that bring natives now")
        .containsOnlyOnce(line("linux-x86_64"));
  }

  @Test
  void oneWrongClassifierAmongRightOnesIsNamedAlone() {
    Set<String> files = onLinux();
    files.remove("org/bytedeco/openblas/linux-x86_64/libjniopenblas.so");
    files.add("org/bytedeco/openblas/windows-x86_64/jniopenblas.dll");

    assertThat(linux(files).missing().orElseThrow())
        .contains("openblas's native libraries", "(it has those for windows-x86_64)")
        .doesNotContain("javacpp's", "nd4j-native's")
        .containsOnlyOnce(line("linux-x86_64"));
  }

  @Test
  void twoBackendsAreNamedWithTheOneToTakeOut() {
    Set<String> files = onLinux();
    files.add(CUDA);

    assertThat(linux(files).twoBackends().orElseThrow())
        .contains("nd4j-native and nd4j-cuda", "Take out")
        .containsOnlyOnce(line("linux-x86_64"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dnnl", "opencl"})
  void withoutOneDnnOrWhatItLoadsTheSameLineIsNamed(String library) {
    Set<String> files = onLinux();
    files.removeIf(file -> file.contains("/" + library + "/"));

    assertThat(linux(files).missing()).isEmpty();
    assertThat(linux(files).missingOneDnn().orElseThrow())
        .contains(library + "'s native libraries")
        .containsOnlyOnce(line("linux-x86_64"));
  }

  @Test
  void windowsOnArmLearnsWhichLineWorksThere() {
    assertThat(
            new NativeLibraries("windows-arm64", Set.<String>of()::contains)
                .missing()
                .orElseThrow())
        .contains("none for windows-arm64", "x86_64 JDK", line("windows-x86_64"))
        .doesNotContain(line("windows-arm64"));
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64",
    "Linux, aarch64, linux-arm64",
    "Mac OS X, aarch64, macosx-arm64",
    "Windows 11, amd64, windows-x86_64"
  })
  void javasNamesGiveThePlatform(String name, String processor, String platform) {
    assertThat(MavenLines.platform(name, processor)).isEqualTo(platform);
  }

  @Test
  void thisBuildsClassPathIsComplete() {
    assertThat(NativeLibraries.here().missing()).isEmpty();
    assertThat(NativeLibraries.here().missingOneDnn()).isEmpty();
  }
}

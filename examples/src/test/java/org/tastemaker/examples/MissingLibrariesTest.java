package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Programs whose class path lacks what only a pom can bring. */
class MissingLibrariesTest {
  /** Runs a program without the jars whose names match. */
  private static String run(String without, Class<?> program, String... arguments)
      throws IOException, InterruptedException {
    Pattern missing = Pattern.compile(without);
    String whole =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    String path =
        Splitter.on(File.pathSeparatorChar).splitToList(whole).stream()
            .filter(entry -> !missing.matcher(new File(entry).getName()).matches())
            .collect(Collectors.joining(File.pathSeparator));
    assertThat(path).as("nothing was left out").hasSizeLessThan(whole.length());
    List<String> command =
        Stream.concat(
                Stream.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    path,
                    program.getName()),
                Stream.of(arguments))
            .toList();
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isZero();
    return said;
  }

  @ParameterizedTest
  @CsvSource({
    "nd4j-native-1.*, the classes of nd4j-native",
    "nd4j-native-1.*-(linux|mac|win).*, nd4j-native's native libraries",
    "openblas-.*-(linux|mac|win).*, openblas's native libraries"
  })
  void aMissingLibraryIsNamedWithTheLineToAdd(String without, String what)
      throws IOException, InterruptedException {
    String said = run(without, MissingLibrariesProgram.class);

    assertThat(said)
        .contains("time 0: ND4J cannot compute: the class path lacks ")
        .contains(what)
        .contains("Add this line to your dependencies")
        .containsPattern(
            "<artifactId>tastemaker-cpu-(linux|macosx|windows)-(x86_64|arm64)</artifactId>")
        .contains("time 1: ND4J cannot compute") // and it says the same when it is asked again
        .contains("cause 0: null", "cause 1: null")
        .doesNotContain("\tat ", "loaded");
  }

  @Test
  void withoutOneDnnTheReportOfARunSaysSoThoughNothingIsLogged(@TempDir Path folder)
      throws IOException, InterruptedException {
    Path run = folder.resolve("run");
    run(
        "(dnnl-.*-(linux|mac|win).*|slf4j-(simple|nop|jdk14).*|logback.*)",
        QuickStart.class,
        "--run",
        run.toString(),
        "--prompt",
        "green heart",
        "--images",
        "2",
        "--rounds",
        "1",
        "--no-measure");

    assertThat(Files.readAllLines(run.resolve("notices.jsonl")))
        .singleElement()
        .asString()
        .contains(
            "cannot run, so graphs run several times slower: oneDNN does not load: the class path lacks dnnl")
        .contains("<artifactId>tastemaker-cpu-");
    assertThat(run.resolve("report.html"))
        .content()
        .contains("What to know about this run", "oneDNN does not load");
  }
}

package org.tastemaker.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The program as {@code java -jar} starts it. The jar itself is made after the tests, by the
 * profile {@code cli}; this one has the attributes that the pom gives it, and a class path of the
 * same classes.
 */
class RunnableJarTest {
  @TempDir Path folder;

  private Attributes attributes = new Attributes();

  @BeforeEach
  void makeTheJar() throws IOException {
    Manifest manifest = new Manifest();
    attributes = manifest.getMainAttributes();
    attributes.put(Attributes.Name.MANIFEST_VERSION, "1.0");
    String pom = Files.readString(Path.of("pom.xml"));
    attributes.put(Attributes.Name.MAIN_CLASS, only("<mainClass>(.*)</mainClass>", pom));
    attributes.putValue(
        "Enable-Native-Access", only("<Enable-Native-Access>(.*)</Enable-Native-Access>", pom));
    String classPath =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    attributes.put(
        Attributes.Name.CLASS_PATH,
        Splitter.on(File.pathSeparatorChar)
            .omitEmptyStrings()
            .splitToStream(classPath)
            .map(entry -> Path.of(entry).toUri().toString())
            .collect(Collectors.joining(" ")));
    new JarOutputStream(Files.newOutputStream(folder.resolve("t.jar")), manifest).close();
  }

  private static String only(String regex, String text) {
    List<String> found =
        Pattern.compile(regex).matcher(text).results().map((MatchResult m) -> m.group(1)).toList();
    assertThat(found).as(regex).hasSize(1);
    return found.get(0);
  }

  private record Ended(int code, String out, String err) {}

  private Ended run(List<String> options, String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(options);
    command.addAll(List.of("-jar", folder.resolve("t.jar").toString()));
    command.addAll(List.of(arguments));
    Path err = folder.resolve("err");
    Process process = new ProcessBuilder(command).redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), UTF_8);
    return new Ended(process.waitFor(), out, Files.readString(err));
  }

  /** The attributes that {@code java -jar} reads, and a program that is there. */
  @Test
  void theManifestNamesTheProgramAndAllowsNativeAccess() throws Exception {
    String main = attributes.getValue(Attributes.Name.MAIN_CLASS);

    assertThat(Class.forName(main)).isEqualTo(Tastemaker.class);
    assertThat(attributes.getValue("Enable-Native-Access")).isEqualTo("ALL-UNNAMED");
  }

  @Test
  void itHelps() throws Exception {
    Ended ended = run(List.of(), "--help");

    assertThat(ended.code()).as(ended.err()).isZero();
    assertThat(ended.out()).contains("Usage: tastemaker", "align", "sample", "convert");
  }

  /**
   * With the launcher's options nothing is said about native access or unsafe memory on any JDK.
   */
  @Test
  void itMakesAnImageWithoutAWordTooMuch() throws Exception {
    List<String> options =
        Splitter.on(' ')
            .splitToStream(Files.readString(Path.of("src/main/launcher/tastemaker")))
            .map(String::strip)
            .filter(word -> word.startsWith("-XX:") || word.startsWith("--"))
            .toList();
    assertThat(options).hasSize(3);
    Path out = folder.resolve("out");

    Ended ended = run(options, "sample", "frog", "--steps", "1", "--out", out.toString());

    assertThat(ended.code()).as(ended.err()).isZero();
    assertThat(ended.err()).isEmpty();
    assertThat(out.resolve("grid.png")).isNotEmptyFile();
  }

  @Test
  void itRefusesWhatItDoesNotKnow() throws Exception {
    Ended ended = run(List.of(), "sample", "frog", "--no-such-option");

    assertThat(ended.code()).isEqualTo(2);
    assertThat(ended.err()).contains("--no-such-option");
    assertThat(ended.out()).isEmpty();
  }

  @Test
  void bothLaunchersGiveTheSameOptions() throws IOException {
    Pattern option = Pattern.compile("-XX:\\S+|--[a-z-]+=\\S+");
    List<List<String>> each = new ArrayList<>();
    for (String name : List.of("tastemaker", "tastemaker.bat")) {
      each.add(
          option
              .matcher(Files.readString(Path.of("src/main/launcher").resolve(name)))
              .results()
              .map(MatchResult::group)
              .toList());
    }
    assertThat(each.get(0)).hasSize(3).isEqualTo(each.get(1));
    assertThat(Files.readString(Path.of("../.mvn/jvm.config"))).contains(each.get(0));
  }
}

package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The poms that bring the library with a platform's native libraries: their build checks none. */
class PlatformsTest {
  private static final Path PARENT = Path.of("..", "diffusion", "platform");
  private static final Pattern DEPENDENCY = Pattern.compile("(?s)<dependency>(.*?)</dependency>");

  /** The folders of the poms. */
  static List<Path> folders() throws IOException {
    Matcher modules =
        Pattern.compile("<module>([^<]+)</module>")
            .matcher(Files.readString(PARENT.resolve("pom.xml")));
    return modules.results().map(module -> PARENT.resolve(module.group(1)).normalize()).toList();
  }

  @Test
  void everyPlatformOfND4jHasOneAndLibTorchsHaveTheirs() throws IOException {
    assertThat(folders()).hasSize(11).allMatch(Files::isDirectory);
  }

  @ParameterizedTest
  @MethodSource("folders")
  void theNameIsThatOfTheFolderAndSaysThePlatform(Path home) throws IOException {
    String text = pom(home);
    String platform = value(text, "tastemaker.platform");
    String folder = home.getFileName().toString();
    String kind = home.toString().contains("torch") ? "torch-" : "";

    assertThat(text).contains("<artifactId>tastemaker-" + kind + folder + "</artifactId>");
    assertThat(folder).endsWith("-" + platform);
    if (kind.isEmpty()) {
      assertThat(value(text, "tastemaker.nd4j.classifier"))
          .isEqualTo(platform + (platform.endsWith("x86_64") ? "-onednn-avx2" : ""));
    } else {
      assertThat(value(text, "tastemaker.torch.classifier"))
          .isEqualTo(platform + (folder.startsWith("cuda") ? "-gpu" : ""));
      assertThat(text).contains("<artifactId>tastemaker-cpu-" + platform + "</artifactId>");
    }
  }

  @Test
  void thoseOfOneKindDifferInThePlatformAlone() throws IOException {
    Map<String, List<List<String>>> byKind = new TreeMap<>();
    for (Path home : folders()) {
      String text = pom(home);
      String platform = value(text, "tastemaker.platform");
      String kind = home.toString().replace(platform, "").replaceFirst(".*diffusion", "");
      List<String> dependencies =
          DEPENDENCY
              .matcher(text)
              .results()
              .map(found -> found.group(1).replaceAll("\\s", "").replace(platform, "PLATFORM"))
              .toList();
      byKind.computeIfAbsent(kind, all -> new ArrayList<>()).add(dependencies);
    }
    assertThat(byKind).hasSize(3);
    assertThat(byKind.values()).allMatch(all -> all.stream().distinct().count() == 1);
  }

  @Test
  void aProgramGetsTheNativesThatTheExamplesRunWith() throws IOException {
    List<String> examples = natives(Path.of("pom.xml"));

    assertThat(examples).isNotEmpty();
    assertThat(natives(PARENT.resolve("cpu-linux-x86_64/pom.xml"))).containsAll(examples);
  }

  @Test
  void theDocumentationNamesThemAll() throws IOException {
    String page = Files.readString(Path.of("..", "docs", "getting-started.md"));
    for (Path home : folders()) {
      Matcher name = Pattern.compile("(?s)</parent>.*?<artifactId>([^<]+)").matcher(pom(home));
      assertThat(name.find()).isTrue();
      assertThat(page).contains("`" + name.group(1) + "`");
    }
  }

  private static String pom(Path home) throws IOException {
    return Files.readString(home.resolve("pom.xml"));
  }

  private static List<String> natives(Path pom) throws IOException {
    return DEPENDENCY
        .matcher(Files.readString(pom).replaceFirst("(?s)<profiles>.*", ""))
        .results()
        .map(MatchResult::group)
        .filter(text -> text.contains("<classifier>"))
        .map(text -> text.replaceAll("\\s", ""))
        .toList();
  }

  private static String value(String pom, String property) {
    Matcher value = Pattern.compile("<" + property + ">([^<]+)</").matcher(pom);
    assertThat(value.find()).as(property).isTrue();
    return value.group(1);
  }
}

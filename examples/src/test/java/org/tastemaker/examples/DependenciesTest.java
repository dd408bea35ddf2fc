package org.tastemaker.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.base.Splitter;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/** The jars that programs run with, against the committed list of them. */
class DependenciesTest {
  private static final Pattern JAR = Pattern.compile("(.+?)-(\\d[^/]*)\\.jar");

  /** Files of the class path, without those of this project. */
  private static List<String> jars = List.of();

  /** Versions by artifact, of the list. */
  private static final Map<String, List<String>> LISTED = new TreeMap<>();

  @BeforeAll
  static void read() {
    String path =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    jars =
        Splitter.on(File.pathSeparatorChar)
            .splitToStream(path)
            .filter(file -> file.endsWith(".jar"))
            .map(file -> Path.of(file).getFileName().toString())
            .filter(file -> !file.startsWith("tastemaker-"))
            .toList();
    Path list = Path.of("..", "sbom", "tastemaker.cdx.json");
    for (JsonObject component : Json.readObject(list).objects("components")) {
      LISTED
          .computeIfAbsent(component.text("name"), name -> new ArrayList<>())
          .add(component.text("version"));
    }
  }

  @Test
  void jarsHaveTheVersionsOfTheList() {
    List<String> known = new ArrayList<>();
    for (String jar : jars) {
      var parts = JAR.matcher(jar);
      if (parts.matches() && LISTED.containsKey(parts.group(1))) {
        assertThat(LISTED.get(parts.group(1)))
            .as(jar + ": write the list anew, ./mvnw -Psbom package -DskipTests")
            .anyMatch(version -> parts.group(2).startsWith(version));
        known.add(parts.group(1));
      }
    }
    assertThat(known).contains("nd4j-api", "guava", "moshi", "okhttp-jvm", "commons-io", "jna");
  }

  @Test
  void whatWasTakenOutIsNotThere() {
    assertThat(jars)
        .noneMatch(
            jar ->
                jar.matches(
                    "(commons-(net|compress)|oshi-core|jna-platform|threetenbp)-.*"
                        + "|commons-codec-1\\.10\\.jar")); // HtmlUnit has a new one, for tests
    assertThat(LISTED)
        .doesNotContainKeys(
            "commons-net", "commons-compress", "commons-codec", "oshi-core", "threetenbp");
  }
}

package org.tastemaker.diffusion.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.tastemaker.core.json.Json;
import org.tastemaker.core.json.JsonObject;

/**
 * Texts with the ids that another implementation gives them, start and end included, neither padded
 * nor cut: every folder {@code clip_tokenizer*} under the system property {@code
 * tastemaker.goldens}, or else under the test resources.
 *
 * <p>The small vocabulary in the resources and its ids come from an implementation in another
 * language that joins strings in whole passes over the word, and that reproduces CLIP's own ids
 * with CLIP's own vocabulary.
 */
class ClipTokenizerGoldenTest {
  static Path goldens() throws URISyntaxException {
    String given = System.getProperty("tastemaker.goldens");
    if (given != null) {
      return Path.of(given);
    }
    return Path.of(
        Objects.requireNonNull(ClipTokenizerGoldenTest.class.getResource("/goldens")).toURI());
  }

  @TestFactory
  List<DynamicTest> everyTextHasTheIdsOfTheReference() throws IOException, URISyntaxException {
    List<Path> folders;
    try (Stream<Path> list = Files.list(goldens())) {
      folders =
          list.filter(path -> path.getFileName().toString().startsWith("clip_tokenizer"))
              .sorted()
              .toList();
    }
    List<DynamicTest> tests = new ArrayList<>();
    for (Path folder : folders) {
      ClipTokenizer tokenizer = ClipTokenizer.load(folder);
      String cases = "{\"cases\": " + Json.readText(folder.resolve("cases.json")) + "}";
      for (JsonObject golden : Json.parseObject(cases, "cases.json").objects("cases")) {
        String text = golden.text("text");
        int[] ids = golden.integers("ids").stream().mapToInt(Integer::intValue).toArray();
        String name = folder.getFileName() + " " + Json.write(text);
        tests.add(
            DynamicTest.dynamicTest(
                name,
                () -> {
                  assertThat(tokenizer.encodeUnpadded(text).toArray()).isEqualTo(ids);
                  System.out.println("golden " + name + " max_rel_err=0");
                }));
      }
    }
    if (System.getProperty("tastemaker.goldens") == null) {
      assertThat(tests).hasSizeGreaterThan(10);
    }
    return tests;
  }
}

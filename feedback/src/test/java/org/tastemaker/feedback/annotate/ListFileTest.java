package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.tastemaker.core.json.Json;

class ListFileTest {
  @Property(tries = 200)
  void anElementsLineIsTheOneThatItBeginsIn(
      @ForAll @Size(max = 6) List<String> texts,
      @ForAll @IntRange(max = 3) int before,
      @ForAll @IntRange(max = 3) int between,
      @ForAll boolean nested) {
    StringBuilder json = new StringBuilder("[");
    List<Integer> expected = new ArrayList<>();
    int line = 1;
    for (int i = 0; i < texts.size(); i++) {
      json.append(i == 0 ? "" : ",").append("\n".repeat(before)).append(' ');
      line += before;
      expected.add(line);
      Object value = nested ? Map.of("a", List.of(texts.get(i), 1), "b", Map.of()) : texts.get(i);
      json.append(Json.write(value)).append("\n".repeat(between));
      line += between;
    }
    assertThat(ListFile.linesOf(json.append("]").toString())).isEqualTo(expected);
  }

  /** Whatever a file holds, it is read or is an error that names it. */
  @Property(tries = 200)
  void noTextOfAFileIsAnythingButAListOrAnErrorThatNamesIt(
      @ForAll @Size(max = 12) List<@IntRange(max = 11) Integer> pieces) throws IOException {
    String[] words = {
      "[", "]", "{", "}", ",", ":", "\"image_0\"", "\"a.png\"", "1", "null", "\n", "\\"
    };
    StringBuilder text = new StringBuilder();
    pieces.forEach(piece -> text.append(words[piece]));
    Path file = Files.createTempFile("pairs", ".json");
    try {
      Files.writeString(file, text);
      try {
        assertThat(PairFolders.listed(file).groups()).isEmpty();
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageContaining(file.toString());
      }
    } finally {
      Files.delete(file);
    }
  }
}

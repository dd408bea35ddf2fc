package org.tastemaker.feedback.annotate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.tastemaker.core.Prompt;
import org.tastemaker.core.Ranking;
import org.tastemaker.feedback.Greys;

/** Preferences in the layouts that trainers have. */
class PairFoldersTest {
  @TempDir Path temp;

  private Path image(String name) throws IOException {
    Path file = temp.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.write(file, Greys.grey(name.length() % 2).toPng());
  }

  private Path text(String name, String text) throws IOException {
    Path file = temp.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  private static String words(PromptFolders.Problem problem) {
    return problem.path().getFileName() + ": " + problem.cause();
  }

  // ---- w/ and l/

  @Test
  void imagesOfTheSameNameInWAndLArePairs() throws IOException {
    Path winner = image("w/cat.png");
    Path loser = image("l/cat.JPG");
    text("w/cat.txt", "a cat\n");
    text("l/cat.caption", "a cat");
    image("w/dog.png");
    image("l/dog.png");
    text("l/dog.txt", "a dog");

    FoundPairs found = PairFolders.winnersAndLosers(temp);

    assertThat(found.problems()).isEmpty();
    assertThat(found.groups())
        .extracting(RankedFiles::prompt)
        .containsExactly(Prompt.of("a cat"), Prompt.of("a dog"));
    assertThat(found.groups().get(0))
        .isEqualTo(new RankedFiles(Prompt.of("a cat"), List.of(winner, loser), Ranking.of(0, 1)));
    assertThat(found.requireWhole()).hasSize(2);
  }

  @Test
  void whatHasNoPartnerOrNoCaptionOrTwoIsNamedAndLeftOut() throws IOException {
    image("w/alone.png");
    image("l/lost.png");
    image("w/silent.png");
    image("l/silent.png");
    image("w/torn.png");
    image("l/torn.png");
    text("w/torn.txt", "a cat");
    text("l/torn.txt", "a dog");
    image("w/good.png");
    image("l/good.png");
    text("w/good.txt", "good");

    FoundPairs found = PairFolders.winnersAndLosers(temp);

    assertThat(found.groups()).extracting(group -> group.prompt().text()).containsExactly("good");
    assertThat(found.problems())
        .extracting(PairFoldersTest::words)
        .containsExactly(
            "alone.png: there is no image of the same name in "
                + temp.resolve("l")
                + ", so it has no pair",
            "lost.png: there is no image of the same name in "
                + temp.resolve("w")
                + ", so it has no pair",
            "silent.png: it has no caption: write one into " + temp.resolve("w/silent.txt"),
            "torn.png: its captions differ, though its images must be of one prompt: "
                + temp.resolve("w/torn.txt")
                + ", "
                + temp.resolve("l/torn.txt"));
    assertThatThrownBy(found::requireWhole)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("what cannot be used: 4; ")
        .hasMessageContaining("alone.png is left out");
  }

  @Test
  void aFolderWithoutWOrLIsAnError() throws IOException {
    image("w/cat.png");
    assertThatThrownBy(() -> PairFolders.winnersAndLosers(temp))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            temp
                + " must have the folders w, of the better images, and l, of the worse ones, but l"
                + " is not there");
  }

  // ---- _w, _l, _e

  @Test
  void imagesWhoseNamesEndInALetterAreGroups() throws IOException {
    image("cat_w.png");
    image("cat_l.png");
    image("cat_e.png");
    text("cat.txt", "a cat");
    image("dog_W.png");
    image("dog_L.png");
    text("dog_L.txt", "a dog");

    FoundPairs found = PairFolders.suffixed(temp);

    assertThat(found.problems()).isEmpty();
    assertThat(found.groups())
        .extracting(group -> group.prompt().text())
        .containsExactly("a cat", "a dog");
    RankedFiles cat = found.groups().get(0);
    assertThat(cat.images())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("cat_e.png", "cat_l.png", "cat_w.png");
    assertThat(cat.ranking()).isEqualTo(Ranking.of(2, 0, 1)); // even is between
  }

  @Test
  void numberedImagesOfOneNameAreOneGroupWithTies() throws IOException {
    image("cat_0_l.png");
    image("cat_1_l.png");
    image("cat_2_w.png");
    text("cat.txt", "a cat");

    FoundPairs found = PairFolders.suffixed(temp);

    assertThat(found.problems()).isEmpty();
    assertThat(found.groups().get(0).ranking())
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0, 1))));
  }

  @Test
  void numbersOfPairsAreNotThoseOfImages() throws IOException {
    for (String name : List.of("cat_1", "cat_2")) {
      image(name + "_w.png");
      image(name + "_l.png");
      text(name + ".txt", name);
    }
    FoundPairs found = PairFolders.suffixed(temp);
    assertThat(found.problems()).isEmpty();
    assertThat(found.groups())
        .extracting(group -> group.prompt().text())
        .containsExactly("cat_1", "cat_2");
  }

  @Test
  void evenImagesAreATie() throws IOException {
    image("cat_0_e.png");
    image("cat_1_e.png");
    text("cat.txt", "a cat");
    assertThat(PairFolders.suffixed(temp).groups().get(0).ranking())
        .isEqualTo(Ranking.ofTiers(2, List.of(List.of(0, 1))));
  }

  @Test
  void namesWithoutALetterAndImagesAloneAreNamedAndLeftOut() throws IOException {
    image("cat.png");
    image("dog_w.png");
    FoundPairs found = PairFolders.suffixed(temp);
    assertThat(found.groups()).isEmpty();
    assertThat(found.problems())
        .extracting(PairFoldersTest::words)
        .containsExactly(
            "cat.png: its name must end in _w (better), _l (worse) or _e (even), but does not",
            "dog_w.png: it is the only image of dog: there is no pair");
  }

  // ---- A list

  @Test
  void aListNamesImagesAndNumbers() throws IOException {
    image("a.png");
    image("sub/b.png");
    image("c.png");
    text("a.txt", "a cat");
    Path list =
        text(
            "pairs.json",
            """
            [{"image_0": "a.png", "pref_0": -1, "image_1": "sub/b.png", "pref_1": 1},
             {"image_0": "a.png", "pref_0": 0, "image_1": "c.png", "pref_1": 0,
              "image_2": "sub/b.png", "pref_2": 0.5, "caption": "three"}]
            """);

    FoundPairs found = PairFolders.listed(list);

    assertThat(found.problems()).isEmpty();
    assertThat(found.groups())
        .extracting(group -> group.prompt().text())
        .containsExactly("a cat", "three");
    assertThat(found.groups().get(0).ranking()).isEqualTo(Ranking.of(1, 0));
    assertThat(found.groups().get(1).ranking())
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(2), List.of(0, 1))));
  }

  @Test
  void filesThatAreNotThereOrOutsideAreNamedWithTheirLine() throws IOException {
    image("a.png");
    Path list =
        text(
            "list/pairs.json",
            """
            [
              {"image_0": "gone.png", "pref_0": 0, "image_1": "a.png", "pref_1": 1},

              {"image_0": "../a.png", "pref_0": 0, "image_1": "a.png", "pref_1": 1}
            ]
            """);
    FoundPairs found = PairFolders.listed(list);
    assertThat(found.groups()).isEmpty();
    assertThat(found.problems()).hasSize(2);
    assertThat(found.problems().get(0).cause())
        .isEqualTo("there is no such file, which " + list + ", line 2 names");
    assertThat(found.problems().get(1).cause()).startsWith(list + ", line 4: ").contains("outside");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[{'image_0': 'a.png', 'pref_0': 1}] | line 1: a group needs image_0 and image_1",
        "[{'image_0': 'a.png', 'image_1': 'a.png', 'pref_1': 1}] | line 1",
        "[\\n\\n{'image_0': 'a.png', 'pref_0': 'x'}] | line 3",
        "[\\n 5 ] | line 2",
        "[{},\\n{'image_0': ] | pairs.json",
        "{} | must hold a JSON list",
        "[ | pairs.json"
      })
  void aListThatIsNoneIsAnErrorThatNamesTheFileAndTheLine(String json, String words)
      throws IOException {
    image("a.png");
    Path list = text("pairs.json", json.replace('\'', '"').replace("\\n", "\n"));
    assertThatThrownBy(() -> PairFolders.listed(list))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(list.toString())
        .hasMessageContaining(words);
  }

  // ---- A matrix

  private Path d3po(int images) throws IOException {
    for (int i = 0; i < images; i++) {
      image("images/0000" + i + ".png");
    }
    text("prompt.json", "[\"a cat\", \"a dog\"]");
    return temp;
  }

  @Test
  void aMatrixHasARowForEachPromptAndANumberForEachImage() throws IOException {
    Path folder = d3po(6);
    Path votes = text("votes.json", "[[0, -1, 0], [0, 0, 0]]");

    FoundPairs found = PairFolders.matrices(folder, List.of(votes));

    assertThat(found.problems()).isEmpty();
    assertThat(found.groups())
        .extracting(group -> group.prompt().text())
        .containsExactly("a cat", "a dog");
    assertThat(found.groups().get(0).ranking())
        .isEqualTo(Ranking.ofTiers(3, List.of(List.of(0, 2), List.of(1))));
    assertThat(found.groups().get(1).images())
        .extracting(file -> file.getFileName().toString())
        .containsExactly("00003.png", "00004.png", "00005.png");
    assertThat(found.groups().get(1).ranking().hasTies()).isTrue();
  }

  @Test
  void theVotesOfSeveralPeopleAreAveragedOverTheRowsThatAllHave() throws IOException {
    Path folder = d3po(6);
    Path one = text("one.json", "[[0, -1, 0], [0, 0, 0]]");
    Path two = text("two.json", "[[0, -1, -1]]");

    FoundPairs found = PairFolders.matrices(folder, List.of(one, two));

    assertThat(found.groups()).hasSize(1);
    assertThat(found.groups().get(0).ranking()).isEqualTo(Ranking.of(0, 2, 1));
    assertThat(found.problems())
        .extracting(PairFoldersTest::words)
        .containsExactly("one.json: its rows from row 2 on are not in all files of votes");
  }

  @Test
  void aMatrixWithoutItsImagesIsNamed() throws IOException {
    Path folder = d3po(4);
    Path votes = text("votes.json", "[[0, -1, 0], [0, 0, 0]]");
    FoundPairs found = PairFolders.matrices(folder, List.of(votes));
    assertThat(found.groups()).hasSize(1);
    assertThat(found.problems())
        .extracting(PairFoldersTest::words)
        .containsExactly("00004.png: there is no such file, for row 2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "[[0, 1],\\n[0, 1, 2]] | line 2: the row has 3 numbers, but the first one has 2",
        "[[0, 1],\\n[0, \"x\"]] | line 2: value 2 of the row must be a number, but is x",
        "[[0]] | line 1: a row must be a list of at least two numbers",
        "[[0, 1],\\n 3] | line 2: a row must be a list of at least two numbers",
        "[] | has no row of votes",
        "[[0,1],[0,1],[0,1]] | has 2 prompts, but the votes are about 3",
        "{\"a\": 1} | must hold a JSON list"
      })
  void aMatrixThatIsNoneIsAnErrorThatNamesTheFileAndTheLine(String json, String words)
      throws IOException {
    Path folder = d3po(6);
    Path votes = text("votes.json", json.replace("\\n", "\n"));
    assertThatThrownBy(() -> PairFolders.matrices(folder, List.of(votes)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  @Test
  void matricesAboutOtherNumbersOfImagesAndNoneAreErrors() throws IOException {
    Path folder = d3po(6);
    Path three = text("three.json", "[[0, 1, 0]]");
    Path two = text("two.json", "[[0, 1]]");
    assertThatThrownBy(() -> PairFolders.matrices(folder, List.of(three, two)))
        .hasMessage(
            three
                + " has 3 numbers in a row, but "
                + two
                + " has 2: both must be about the same images");
    assertThatThrownBy(() -> PairFolders.matrices(folder, List.of()))
        .hasMessage("there must be at least one file of votes");
  }

  // ---- What comes of it

  @Test
  void theImagesAreReadWhenTheyAreAskedFor() throws IOException {
    image("w/cat.png");
    Path loser = text("l/cat.png", "no image");
    text("w/cat.txt", "a cat");
    RankedFiles pair = PairFolders.winnersAndLosers(temp).groups().get(0);
    assertThatThrownBy(pair::load)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(loser.toString());
    Files.write(loser, Greys.grey(1).toPng());
    assertThat(pair.load().size()).isEqualTo(2);
    assertThat(pair.judgement("anna").judge()).isEqualTo("anna");
    assertThat(pair.judgement("anna").ranking()).isEqualTo(Ranking.of(0, 1));
  }

  @Test
  void aListOfAnotherEncodingIsAnErrorThatNamesTheFile() throws IOException {
    Path list = temp.resolve("pairs.json");
    Files.write(list, "[\"caf\u00e9\"]".getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
    assertThatThrownBy(() -> PairFolders.listed(list))
        .hasMessageStartingWith(list + ": ")
        .hasMessageContaining("UTF-8");
  }
}

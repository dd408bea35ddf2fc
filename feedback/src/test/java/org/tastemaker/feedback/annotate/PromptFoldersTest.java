package org.tastemaker.feedback.annotate;

import static java.nio.charset.StandardCharsets.UTF_16BE;
import static java.nio.charset.StandardCharsets.UTF_16LE;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tastemaker.core.ImageGroup;
import org.tastemaker.feedback.Greys;
import org.tastemaker.feedback.mock.MockJudge;

/** Folders as people's machines make them. */
class PromptFoldersTest {
  private static final String WORDS = "caf\u00e9 \u4e2d\u6587";

  @TempDir Path temp;

  private Path prompts() throws IOException {
    return Files.createDirectories(temp.resolve("prompts"));
  }

  /** A good group. */
  private Path group(String name) throws IOException {
    Path folder = Files.createDirectories(prompts().resolve(name));
    Files.writeString(folder.resolve("prompt.txt"), name);
    Files.write(folder.resolve("0.png"), Greys.grey(0).toPng());
    Files.write(folder.resolve("1.png"), Greys.grey(1).toPng());
    return folder;
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static byte[] join(byte[] a, byte[] b) {
    byte[] all = java.util.Arrays.copyOf(a, a.length + b.length);
    System.arraycopy(b, 0, all, a.length, b.length);
    return all;
  }

  private static List<String> words(PromptFolders.Contents contents) {
    return contents.groups().stream().map(group -> group.prompt().text()).toList();
  }

  @Test
  void whatSystemsLeaveIsPassedOverWithoutAWord() throws IOException {
    Path good = group("good");
    for (String name :
        List.of(".DS_Store", "._0.png", "._prompt.txt", "Thumbs.db", "desktop.ini")) {
      Files.write(good.resolve(name), bytes(0, 5, 22, 7, 0, 2));
      Files.write(prompts().resolve(name), bytes(0, 5, 22, 7, 0, 2));
    }
    Files.createDirectories(prompts().resolve("__MACOSX/good"));
    Files.createDirectories(prompts().resolve(".git"));

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(contents.problems()).isEmpty();
    assertThat(contents.groups())
        .containsExactly(
            new ImageGroup(
                org.tastemaker.core.Prompt.of("good"), List.of(Greys.grey(0), Greys.grey(1))));
  }

  @Test
  void imagesOfAllExtensionsInAnyCaseAreTakenInTheOrderOfTheirNames() throws IOException {
    Path folder = group("mixed");
    Files.write(folder.resolve("2.PNG"), Greys.grey(0.2).toPng());
    Files.write(folder.resolve("3.jpg"), Greys.grey(1).toJpeg(0.9f));
    Files.write(folder.resolve("4.JPEG"), Greys.grey(0).toJpeg(0.9f));
    Files.writeString(folder.resolve("notes.md"), "not an image");
    Files.move(folder.resolve("prompt.txt"), folder.resolve("Prompt.TXT"));

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(contents.problems()).isEmpty();
    List<Float> greys =
        contents.groups().get(0).images().stream().map(image -> image.get(0, 0, 0)).toList();
    assertThat(greys).hasSize(5);
    assertThat(greys.get(2)).isEqualTo(0.2f);
    assertThat(greys.get(3)).isGreaterThan(0.9f);
    assertThat(greys.get(4)).isLessThan(0.1f);
  }

  static Stream<Arguments> encodings() {
    return Stream.of(
        Arguments.of("UTF-8", WORDS.getBytes(UTF_8)),
        Arguments.of("UTF-8 with a mark", join(bytes(0xEF, 0xBB, 0xBF), WORDS.getBytes(UTF_8))),
        Arguments.of("UTF-16LE", join(bytes(0xFF, 0xFE), WORDS.getBytes(UTF_16LE))),
        Arguments.of("UTF-16BE", join(bytes(0xFE, 0xFF), WORDS.getBytes(UTF_16BE))),
        Arguments.of(
            "UTF-32LE", join(bytes(0xFF, 0xFE, 0, 0), WORDS.getBytes(Charset.forName("UTF-32LE")))),
        Arguments.of(
            "UTF-32BE",
            join(bytes(0, 0, 0xFE, 0xFF), WORDS.getBytes(Charset.forName("UTF-32BE")))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("encodings")
  void aTextIsReadByItsByteOrderMarkWhichIsNoPartOfIt(String name, byte[] text) throws IOException {
    Files.write(group("one").resolve("prompt.txt"), join(text, new byte[0]));

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(contents.problems()).isEmpty();
    assertThat(words(contents)).containsExactly(WORDS);
  }

  @Test
  void utf16WithoutAMarkIsReadWhereItCanBeNothingElse() {
    assertThat(PromptText.decode("caf\u00e9\r\n".getBytes(UTF_16LE))).isEqualTo("caf\u00e9\r\n");
    assertThat(PromptText.decode("caf\u00e9".getBytes(UTF_16BE))).isEqualTo("caf\u00e9");
    assertThatThrownBy(() -> PromptText.decode("\u4e2d a".getBytes(UTF_16LE)))
        .hasMessageContaining("has bytes of zero")
        .hasMessageContaining("save it as UTF-8");
  }

  @Test
  void aCaptionInWindows1252IsNamedAndTheRestIsRead() throws IOException {
    group("a");
    Path text = group("b").resolve("prompt.txt");
    Files.write(text, "un caf\u00e9 noir".getBytes(Charset.forName("windows-1252")));
    group("c");

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(words(contents)).containsExactly("a", "c");
    assertThat(contents.problems())
        .singleElement()
        .satisfies(
            problem -> {
              assertThat(problem.path()).isEqualTo(text);
              assertThat(problem.cause())
                  .contains("not UTF-8: byte 0xE9 at position 6")
                  .contains("'un caf\u00e9 noir'")
                  .contains("iconv -f WINDOWS-1252 -t UTF-8");
              assertThat(problem.toString()).startsWith(text + " is left out: it is not UTF-8");
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " \n\t", "\ufeff\n"})
  void anEmptyCaptionIsNamed(String text) throws IOException {
    group("a");
    Path file = group("b").resolve("prompt.txt");
    Files.writeString(file, text);

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(words(contents)).containsExactly("a");
    assertThat(contents.problems())
        .containsExactly(new PromptFolders.Problem(file, "it is empty: write the prompt into it"));
  }

  @Test
  void anImageThatCannotBeReadIsNamedWithTheCauseAndTheOthersAreJudged() throws IOException {
    Path folder = group("a");
    byte[] whole = Greys.grey(0.5).toPng();
    Files.write(folder.resolve("cut.png"), java.util.Arrays.copyOf(whole, whole.length / 2));
    Files.writeString(
        folder.resolve("lfs.png"), "version https://git-lfs.github.com/spec/v1\noid sha256:0\n");
    Files.writeString(folder.resolve("page.jpg"), "<!DOCTYPE html><html></html>");
    Files.write(folder.resolve("none.webp"), new byte[0]);

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(contents.groups().get(0).size()).isEqualTo(2);
    assertThat(contents.problems())
        .extracting(problem -> problem.path().getFileName().toString())
        .containsExactly("cut.png", "lfs.png", "none.webp", "page.jpg");
    assertThat(contents.problems())
        .extracting(PromptFolders.Problem::cause)
        .noneMatch(cause -> cause.contains(folder.toString()))
        .satisfiesExactly(
            cut -> assertThat(cut).isNotBlank(),
            lfs -> assertThat(lfs).contains("Git LFS"),
            none -> assertThat(none).contains("empty"),
            page -> assertThat(page).contains("HTML"));
  }

  @Test
  void aGroupWithNothingToCompareIsNamed() throws IOException {
    group("a");
    Path empty = Files.createDirectories(prompts().resolve("b"));
    Files.writeString(empty.resolve("prompt.txt"), "b");
    Path noPrompt = Files.createDirectories(prompts().resolve("c"));
    Files.write(noPrompt.resolve("0.png"), Greys.grey(0).toPng());
    Path one = group("d");
    Files.writeString(one.resolve("1.png"), "no image");
    Path file = Files.writeString(prompts().resolve("readme.md"), "hello");

    PromptFolders.Contents contents = PromptFolders.read(prompts());

    assertThat(words(contents)).containsExactly("a");
    assertThat(contents.problems())
        .extracting(PromptFolders.Problem::path)
        .containsExactly(empty, noPrompt, one.resolve("1.png"), one, file);
    assertThat(contents.problems())
        .extracting(PromptFolders.Problem::cause)
        .satisfiesExactly(
            cause -> assertThat(cause).contains("no images"),
            cause -> assertThat(cause).contains("no prompt.txt"),
            cause -> assertThat(cause).contains("not a PNG"),
            cause -> assertThat(cause).contains("1 of its 2 images can be read"),
            cause -> assertThat(cause).contains("not a folder"));
  }

  @Test
  void aFolderThatIsNotThereIsAnError() {
    assertThatThrownBy(() -> PromptFolders.read(temp.resolve("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("there is no folder " + temp.resolve("none"));
  }

  @Test
  void aJobDrawsGroupsAsItNeedsThem() throws IOException {
    for (int i = 0; i < 6; i++) {
      group("prompt " + i);
    }
    Files.write(group("bad").resolve("prompt.txt"), bytes('a', 0xE9));
    List<PromptFolders.Problem> problems = new ArrayList<>();
    Iterable<ImageGroup> groups = PromptFolders.each(prompts(), problems::add);
    assertThat(problems).isEmpty();

    JobReport report =
        Jobs.job(temp.resolve("d.jsonl"), MockJudge.of(Greys::score)).build().run(groups);

    assertThat(report.judged()).isEqualTo(6);
    assertThat(problems).hasSize(1);
    assertThat(Jobs.job(temp.resolve("d.jsonl"), MockJudge.of(Greys::score)).build().run(groups))
        .satisfies(second -> assertThat(second.alreadyThere()).isEqualTo(6));
  }

  @Test
  void captionsBesideImagesAreReadInTheSameWay() throws IOException {
    Path folder = Files.createDirectories(temp.resolve("photos"));
    Files.write(folder.resolve("a.PNG"), Greys.grey(0).toPng());
    Files.write(folder.resolve("a.txt"), join(bytes(0xEF, 0xBB, 0xBF), "red".getBytes(UTF_8)));
    Files.write(folder.resolve("b.jpg"), Greys.grey(0).toJpeg(0.9f));
    Files.writeString(folder.resolve("B.TXT"), "blue");
    Files.write(folder.resolve("c.png"), Greys.grey(0).toPng());
    Files.write(folder.resolve("._a.PNG"), bytes(0, 5));
    Files.write(folder.resolve("d.png"), Greys.grey(0).toPng());
    Files.write(folder.resolve("d.txt"), bytes('a', 0xE9, 'b'));
    Files.writeString(folder.resolve("e.png"), "no image");
    Files.writeString(folder.resolve("e.txt"), "e");

    PromptFolders.Contents contents = PromptFolders.captioned(folder);

    assertThat(words(contents)).containsExactly("red", "blue");
    assertThat(contents.problems())
        .extracting(problem -> problem.path().getFileName().toString())
        .containsExactly("c.png", "d.txt", "e.png");
    assertThat(contents.problems().get(0).cause())
        .isEqualTo("it has no caption: write one into " + folder.resolve("c.txt"));
  }
}

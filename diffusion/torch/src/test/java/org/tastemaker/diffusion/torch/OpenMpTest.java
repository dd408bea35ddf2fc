package org.tastemaker.diffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpenMpTest {
  private static final String MAPPED = "7f00-7f10 r-xp 00001000 fe:00 42    ";

  @Test
  void eachRuntimeIsFoundOnce() {
    Stream<String> maps =
        Stream.of(
            MAPPED + "/a/libgomp.so.1",
            MAPPED + "/a/libgomp.so.1",
            MAPPED + "/b c/libiomp5.so",
            MAPPED + "/d/libgomp-24e2ab19.so.1.0.0",
            MAPPED + "/e/libomp.so.5");
    assertThat(OpenMp.files(maps))
        .containsExactly(
            "/a/libgomp.so.1",
            "/b c/libiomp5.so",
            "/d/libgomp-24e2ab19.so.1.0.0",
            "/e/libomp.so.5");
  }

  @Test
  void nothingElseIs() {
    Stream<String> maps =
        Stream.of(
            MAPPED,
            MAPPED + "[heap]",
            MAPPED + "/libgomp.so.1/libc.so.6",
            MAPPED + "/a/libopenblas.so.0",
            MAPPED + "/a/libgomp.so.1.txt",
            MAPPED + "/a/libompt.so");
    assertThat(OpenMp.files(maps)).isEmpty();
  }

  @Test
  void oneIsRight() {
    assertThat(OpenMp.advice(OpenMp.files(Stream.of(MAPPED + "/a/libgomp.so.1")))).isEmpty();
  }
}

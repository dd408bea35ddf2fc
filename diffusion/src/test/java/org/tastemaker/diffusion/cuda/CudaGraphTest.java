package org.tastemaker.diffusion.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import java.util.List;
import org.junit.jupiter.api.Test;

class CudaGraphTest {
  private final FakeApi fake = new FakeApi();

  private CudaContext context() {
    return fake.driver().devices().get(0).open();
  }

  private List<String> callsSince(int first) {
    return fake.calls.subList(first, fake.calls.size());
  }

  @Test
  void workIsRecordedOnceAndLaunchedOften() {
    CudaContext context = context();
    int before = fake.calls.size();
    try (CudaGraph graph = CudaGraph.record(context, 512, () -> fake.calls.add("work"))) {
      graph.launch(512);
      graph.launch(512);
    }
    assertThat(callsSince(before))
        .containsExactly(
            "cuStreamBeginCapture_v2",
            "work",
            "cuStreamEndCapture",
            "cuGraphInstantiateWithFlags",
            "cuGraphDestroy",
            "cuGraphLaunch",
            "cuGraphLaunch",
            "cuGraphExecDestroy");
  }

  @Test
  void workThatFailsEndsTheRecording() {
    CudaContext context = context();
    int before = fake.calls.size();
    assertThatIllegalStateException()
        .isThrownBy(
            () ->
                CudaGraph.record(
                    context,
                    512,
                    () -> {
                      throw new IllegalStateException("cannot be recorded");
                    }))
        .withMessage("cannot be recorded");
    assertThat(callsSince(before)).containsExactly("cuStreamBeginCapture_v2", "cuStreamEndCapture");
  }

  @Test
  void workThatTheDriverCannotRecordIsAnError() {
    CudaContext context = context();
    fake.fail("cuStreamEndCapture", 900);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> CudaGraph.record(context, 512, () -> {}))
        .withMessageContaining("cuStreamEndCapture");
  }

  @Test
  void aGraphThatCannotBeInstantiatedIsFreed() {
    CudaContext context = context();
    fake.fail("cuGraphInstantiateWithFlags", 2);
    assertThatExceptionOfType(CudaException.class)
        .isThrownBy(() -> CudaGraph.record(context, 512, () -> {}));
    assertThat(fake.calls).contains("cuGraphDestroy").doesNotContain("cuGraphExecDestroy");
  }

  @Test
  void aClosedGraphIsNotLaunched() {
    CudaGraph graph = CudaGraph.record(context(), 512, () -> {});
    graph.close();
    graph.close();
    assertThatIllegalStateException()
        .isThrownBy(() -> graph.launch(512))
        .withMessage("this graph was closed");
  }
}

package org.tastemaker.diffusion.torch;

import org.tastemaker.diffusion.engine.Engine;
import org.tastemaker.diffusion.testing.engine.Bounds;
import org.tastemaker.diffusion.testing.engine.FunctionContract;
import org.tastemaker.diffusion.testing.engine.MemoryUse;

class TorchBfloat16FunctionTest extends FunctionContract {
  @Override
  protected Engine engine() {
    return TestEngines.of("bfloat16");
  }

  @Override
  protected Bounds bounds() {
    return TestEngines.BFLOAT16;
  }

  @Override
  protected Class<?> memoryProgram() {
    return MemoryProgram.class;
  }

  static final class MemoryProgram {
    public static void main(String[] arguments) {
      MemoryUse.print(TestEngines.of("bfloat16"));
    }
  }
}

package org.hatask.sample.web;

import static org.mockito.Mockito.verify;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.delete;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.time.Duration;
import org.hatask.sample.pricing.Faults;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;

class FaultControllerTest {

    @Nested
    @WebMvcTest(
            controllers = FaultController.class,
            properties = {"ha.enabled=false", "desk.faults=true"})
    class SwitchedOn {

        @Autowired
        private MockMvc mvc;

        @MockitoBean
        private Faults faults;

        @Test
        void nodeCanBeMadeSlowAndWellAgain() throws Exception {
            mvc.perform(post("/faults/price/delay?time=2s")).andExpect(status().isNoContent());
            verify(faults).delay(Duration.ofSeconds(2));
            mvc.perform(delete("/faults/price")).andExpect(status().isNoContent());
            verify(faults).heal();
        }
    }

    @Nested
    @WebMvcTest(controllers = FaultController.class, properties = "ha.enabled=false")
    class ByDefault {

        @Autowired
        private MockMvc mvc;

        @Test
        void thereIsNoSuchResource() throws Exception {
            mvc.perform(post("/faults/price/failure")).andExpect(status().isNotFound());
        }
    }
}

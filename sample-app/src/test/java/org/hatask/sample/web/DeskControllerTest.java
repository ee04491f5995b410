package org.hatask.sample.web;

import static org.mockito.ArgumentMatchers.any;
import static org.mockito.BDDMockito.given;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.get;
import static org.springframework.test.web.servlet.request.MockMvcRequestBuilders.post;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.header;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.jsonPath;
import static org.springframework.test.web.servlet.result.MockMvcResultMatchers.status;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.hatask.NoMasterException;
import org.hatask.NoNodeAvailableException;
import org.hatask.RemoteTaskException;
import org.hatask.TaskOutcomeUnknownException;
import org.hatask.sample.booking.BookingService;
import org.hatask.sample.booking.ReferenceTakenException;
import org.hatask.sample.booking.Settlement;
import org.hatask.sample.booking.Trade;
import org.hatask.sample.pricing.Contracts;
import org.hatask.sample.pricing.PricingService;
import org.hatask.sample.pricing.Valuation;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.test.autoconfigure.web.servlet.WebMvcTest;
import org.springframework.context.annotation.Import;
import org.springframework.http.MediaType;
import org.springframework.test.context.bean.override.mockito.MockitoBean;
import org.springframework.test.web.servlet.MockMvc;

@WebMvcTest(controllers = DeskController.class, properties = "ha.enabled=false")
@Import(Contracts.class)
class DeskControllerTest {

    private static final String ORDER = """
            {"reference": "a", "contract": "OPT-0001", "quantity": 10, "price": 2.5}""";

    @Autowired
    private MockMvc mvc;

    @MockitoBean
    private PricingService pricing;

    @MockitoBean
    private BookingService booking;

    @Test
    void valuationSaysWhichNodeMadeIt() throws Exception {
        given(pricing.price(any())).willReturn(new Valuation("OPT-0001", 4.2, 0.5, 0.1, -1, 0.2, 0.3, "n2"));
        mvc.perform(get("/price/OPT-0001"))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.price").value(4.2))
                .andExpect(jsonPath("$.node").value("n2"));
    }

    @Test
    void unknownContractIsNotFound() throws Exception {
        mvc.perform(get("/price/OPT-9999")).andExpect(status().isNotFound());
        mvc.perform(post("/trades").contentType(MediaType.APPLICATION_JSON).content(ORDER.replace("0001", "9999")))
                .andExpect(status().isNotFound());
    }

    @Test
    void bookedTradeSaysNumberEpochAndNode() throws Exception {
        given(booking.book(any()))
                .willReturn(new Trade(7, "a", "OPT-0001", 10, new BigDecimal("2.5"), 3, "n1", Instant.EPOCH));
        mvc.perform(post("/trades").contentType(MediaType.APPLICATION_JSON).content(ORDER))
                .andExpect(status().isOk())
                .andExpect(jsonPath("$.number").value(7))
                .andExpect(jsonPath("$.epoch").value(3))
                .andExpect(jsonPath("$.node").value("n1"));
    }

    @Test
    void badOrderIsABadRequest() throws Exception {
        mvc.perform(post("/trades")
                        .contentType(MediaType.APPLICATION_JSON)
                        .content(ORDER.replace("\"quantity\": 10", "\"quantity\": 0")))
                .andExpect(status().isBadRequest());
    }

    @Test
    void clientIsToldToComeBackWhileThereIsNoMasterOrNode() throws Exception {
        given(booking.book(any())).willThrow(new NoMasterException("none"));
        given(pricing.price(any())).willThrow(new NoNodeAvailableException("none"));
        mvc.perform(post("/trades").contentType(MediaType.APPLICATION_JSON).content(ORDER))
                .andExpect(status().isServiceUnavailable())
                .andExpect(header().string("Retry-After", "1"))
                .andExpect(jsonPath("$.detail").value("none"));
        mvc.perform(get("/price/OPT-0001"))
                .andExpect(status().isServiceUnavailable())
                .andExpect(header().exists("Retry-After"));
    }

    @Test
    void unknownOutcomeNamesNodeAndTask() throws Exception {
        given(booking.settle()).willThrow(new TaskOutcomeUnknownException("lost", "t1", "n3", null));
        mvc.perform(post("/settlements"))
                .andExpect(status().isGatewayTimeout())
                .andExpect(jsonPath("$.node").value("n3"))
                .andExpect(jsonPath("$.taskId").value("t1"));
    }

    @Test
    void failureOnAnotherNodeNamesItAndTheException() throws Exception {
        given(booking.report()).willThrow(new RemoteTaskException("boom", "n2", List.of("x.Boom")));
        mvc.perform(get("/report"))
                .andExpect(status().isInternalServerError())
                .andExpect(jsonPath("$.node").value("n2"))
                .andExpect(jsonPath("$.exception").value("x.Boom"));
    }

    @Test
    void takenReferenceIsAConflict() throws Exception {
        given(booking.book(any())).willThrow(new ReferenceTakenException("taken"));
        mvc.perform(post("/trades").contentType(MediaType.APPLICATION_JSON).content(ORDER))
                .andExpect(status().isConflict());
    }

    @Test
    void settlementSaysWhoRanIt() throws Exception {
        given(booking.settle()).willReturn(new Settlement(4, 2, "n1"));
        mvc.perform(post("/settlements"))
                .andExpect(jsonPath("$.settled").value(4))
                .andExpect(jsonPath("$.node").value("n1"));
    }
}
